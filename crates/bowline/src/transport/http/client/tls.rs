//! The client's side of TLS.

use super::origin::Origin;
use crate::error::{Error, Result};
use crate::transport::http::watched::read;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to trust, and who we are.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    /// Trusted besides the roots of the platform.
    roots: RootCertStore,
    identity: Option<Arc<dyn ResolvesClientCert>>,
    /// Made when the first TLS connection is: the roots of a platform take milliseconds to read, and who speaks to
    /// this machine only does not need them.
    config: OnceCell<Arc<ClientConfig>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // There is a key in it.
        f.write_str("Tls")
    }
}

/// The protocols to offer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// HTTP/2, else HTTP/1.1.
    Both,
    /// HTTP/1.1.
    Http1,
}

impl Tls {
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub(super) fn new(cacerts: &[PathBuf], identity: Option<&(PathBuf, PathBuf)>) -> Result<Self> {
        let provider = Arc::new(default_provider());
        let mut roots = RootCertStore::empty();
        for path in cacerts {
            for cert in certificates(path)? {
                roots.add(cert).map_err(|error| {
                    broken(path, "a certificate that nothing can be checked against").because(error)
                })?;
            }
        }
        let identity = identity.map(|(cert, key)| certified(cert, key, &provider)).transpose()?;
        Ok(Self { provider, roots, identity, config: OnceCell::new() })
    }

    /// Shakes hands with `origin`; also says whether it chose HTTP/2.
    ///
    /// # Errors
    /// Says what is wrong with the certificate of `origin`, or that it speaks no TLS.
    pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        origin: &Origin,
        offer: Offer,
    ) -> Result<(TlsStream<S>, bool)> {
        let config = self.config.get_or_try_init(|| self.load()).await?;
        let name = ServerName::try_from(&*origin.host)
            .map_err(|error| {
                Error::invalid(format!("the host of {origin} cannot have a certificate"))
                    .because(error)
            })?
            .to_owned();
        let offered = match offer {
            Offer::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Offer::Http1 => vec![b"http/1.1".to_vec()],
        };
        let stream = TlsConnector::from(Arc::clone(config))
            .with_alpn(offered)
            .connect(name, stream)
            .await
            .map_err(|error| explain(error, origin))?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((stream, http2))
    }

    #[cfg(test)]
    pub(super) fn is_loaded(&self) -> bool {
        self.config.initialized()
    }

    async fn load(&self) -> Result<Arc<ClientConfig>> {
        let mut roots = self.roots.clone();
        // Reads some hundred files, or asks a service.
        let found =
            tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await.map_err(
                |error| Error::invalid("reading the roots of the platform failed").because(error),
            )?;
        for error in &found.errors {
            tracing::debug!(%error, "a root of the platform cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let error = Error::invalid(
                "this machine has no root certificates to check servers against; install its package of \
                 them (`ca-certificates`), or name a file with `--cacert`",
            );
            return Err(match found.errors.into_iter().next() {
                Some(cause) => error.because(cause),
                None => error,
            });
        }
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::invalid("no version of TLS can be spoken").because(error))?
            .with_root_certificates(roots);
        Ok(Arc::new(match &self.identity {
            Some(identity) => config.with_client_cert_resolver(Arc::clone(identity)),
            None => config.with_no_client_auth(),
        }))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| broken(path, "no PEM certificates").because(error))?;
    if found.is_empty() { Err(broken(path, "no PEM certificates")) } else { Ok(found) }
}

/// A certificate with its key, which belong together.
fn certified(
    cert: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<Arc<dyn ResolvesClientCert>> {
    let chain = certificates(cert)?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|error| broken(key, "no PEM private key").because(error))?;
    let certified = CertifiedKey::from_der(chain, secret, provider).map_err(|error| {
        let (cert, key) = (cert.display(), key.display());
        Error::invalid(format!("{cert} and {key} make no certificate to show")).because(error)
    })?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

fn broken(path: &Path, what: &str) -> Error {
    Error::invalid(format!("{} has {what}", path.display()))
}

/// Says why shaking hands failed; what the verifier said is the source.
fn explain(error: io::Error, origin: &Origin) -> Error {
    let message = match of_tls(&error) {
        Some(rustls::Error::InvalidCertificate(reason)) => match reason {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "the certificate of {origin} is for another host; use the name that it is for"
                )
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => format!(
                "the certificate of {origin} is not valid today; its owner has to renew it, unless the clock of \
                 this machine is wrong"
            ),
            _ => format!(
                "the certificate of {origin} is not trusted; if it should be, name the file of its root with \
                 `--cacert`"
            ),
        },
        Some(error) => match refusal(error, origin) {
            Some(message) => message,
            None => format!("no TLS with {origin}; check that its port speaks https"),
        },
        None => format!("{origin} closed the connection while shaking hands"),
    };
    Error::unreachable(message).because(error)
}

/// What a server means that says no to our certificate, or to having none.
pub(super) fn refusal(error: &rustls::Error, origin: &Origin) -> Option<String> {
    use rustls::AlertDescription as Alert;
    let rustls::Error::AlertReceived(alert) = error else { return None };
    match alert {
        Alert::CertificateRequired => Some(format!(
            "{origin} wants a certificate of its clients; name the files of one with `--cert` and `--key`"
        )),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            Some(format!("{origin} does not accept our certificate; check `--cert` and `--key`"))
        }
        _ => None,
    }
}

/// The error of TLS in an error of its stream.
pub(super) fn of_tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use crate::transport::http::client::{Connector, Credentials, Options};
    use bytes::Bytes;
    use http::Request;

    /// Reading them takes longer than a whole exchange on this machine.
    #[tokio::test]
    async fn the_roots_of_the_platform_are_not_read_for_plain_http() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Whoever comes is turned away.
        let serving = tokio::spawn(async move {
            for _ in 0..2 {
                drop(listener.accept().await.unwrap());
            }
        });
        let connector = Connector::new(&Options::default()).unwrap();
        for (scheme, read) in [("http", false), ("https", true)] {
            let url = format!("{scheme}://{address}/");
            let request = Request::builder().uri(url).body(Bytes::new()).unwrap();
            assert!(connector.send(request, &Credentials::none()).await.is_err());
            assert_eq!(connector.dial().has_roots(), read, "{scheme}");
        }
        serving.await.unwrap();
    }
}
