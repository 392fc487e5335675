//! Keys and signatures: JWK (RFC 7517), JWS (RFC 7515), JWT (RFC 7519).
