//! TLS from certificate files.

use super::watched::{self, Watched};
use crate::error::{Error, Result};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Where a server's certificate and its key are, both as PEM.
///
/// They are read again when they change; while the new ones are broken the old ones stay in use.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to a root.
    pub cert: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

/// The server's side of TLS 1.2 and 1.3.
pub(super) struct Tls(Watched<Arc<ServerConfig>>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // There is a key in it.
        f.write_str("Tls")
    }
}

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Tls {
    pub(super) fn new(files: TlsFiles) -> Result<Self> {
        Watched::new([files.cert, files.key], load).map(Self)
    }

    /// Shakes hands; `None` when the client did not, or not in time.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&*self.0.current()));
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("handshake took too long");
                None
            }
        }
    }
}

fn load(paths: &[PathBuf], _: Option<&Arc<ServerConfig>>) -> Result<Arc<ServerConfig>> {
    let [cert, key] = paths else {
        return Err(Error::invalid("TLS takes a certificate and a key"));
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&watched::read(cert)?)
        .collect::<Result<_, _>>()
        .map_err(|error| broken(cert, "no PEM certificates").because(error))?;
    if chain.is_empty() {
        return Err(broken(cert, "no PEM certificates"));
    }
    let secret = PrivateKeyDer::from_pem_slice(&watched::read(key)?)
        .map_err(|error| broken(key, "no PEM private key").because(error))?;
    // The builder checks that key and certificate belong together.
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, secret))
        .map_err(|error| {
            let (cert, key) = (cert.display(), key.display());
            Error::invalid(format!("{cert} and {key} make no TLS server")).because(error)
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn broken(path: &Path, what: &str) -> Error {
    Error::invalid(format!("{} has {what}", path.display()))
}
