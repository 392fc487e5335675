//! A small authorization server, for tests and for trying out.

fn main() {}
