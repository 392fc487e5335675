//! What a client is told before it logs in.
