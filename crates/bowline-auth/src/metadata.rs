//! What resources and authorization servers say of themselves (RFC 9728, RFC 8414, OpenID Connect).
