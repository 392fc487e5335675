//! base64url without padding, and nothing but its canonical form.
