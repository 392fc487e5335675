//! The server, asked over HTTP by a client that hides nothing.

mod authorize;
mod clients;
mod extensions;
mod hostile;
mod logins;
mod peer;
mod token;
