//! Proofs that a token is presented by whoever it was given to (RFC 9449).
