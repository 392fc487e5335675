//! How an authorization server gets to know a client.
