//! What a server checks before it lets anybody in.
