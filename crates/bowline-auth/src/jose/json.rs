//! JSON objects without repeated members.
