//! The HTTP connector against servers of this process.

mod cancel;
mod credentials;
mod exchange;
mod hostile;
mod peers;
mod proxy;
mod redirect;
mod secrets;
mod server;
mod tls;
