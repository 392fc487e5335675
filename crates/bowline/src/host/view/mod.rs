//! What the clients of a host see: everything, one server, or a profile.
