//! Builds a rustls client configuration from a [`TlsMode`] and a root certificate file; shared by the drivers.
//!
//! `Prefer` and `Require` encrypt without verifying, as `libpq` does; `VerifyCa` verifies the chain, `VerifyFull` the
//! host name as well. Roots are the given PEM file, else the system's store. A server's certificate that is itself in the
//! file is accepted, as `libpq` accepts it.

mod version_1;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use self::version_1::Version1;
use crate::{ClientCertificate, Connection, LoadError, TlsMode};

/// Why a connection cannot be encrypted or verified.
#[derive(Debug, thiserror::Error)]
enum TlsError {
    #[error("cannot set TLS up: {0}")]
    Setup(rustls::Error),
    #[error("cannot use the client certificate `{}` with its key: {why}", certificate.display())]
    Identity { certificate: PathBuf, why: rustls::Error },
    #[error("cannot read the {what} `{}`: {why}; name a PEM file", path.display())]
    Certificates { what: &'static str, path: PathBuf, why: pem::Error },
    #[error("`{}` holds no certificate; name a PEM file", .0.display())]
    NoCertificate(PathBuf),
    #[error("cannot use a certificate of `{}`: {why}", path.display())]
    Root { path: PathBuf, why: rustls::Error },
    #[error("the system has no root certificates to verify with; name a PEM file of them")]
    NoRoots,
    #[error("cannot read the key `{}`: {why}", path.display())]
    KeyFile { path: PathBuf, why: std::io::Error },
    #[error("the key `{path}` can be read by others; run: chmod 600 {path}", path = .0.display())]
    OpenKey(PathBuf),
    #[error("cannot read the key `{}`: {why}; name a PEM file that is not encrypted", path.display())]
    Key { path: PathBuf, why: pem::Error },
}

/// The client configuration for `connection.tls`; `None` if no encryption is requested.
///
/// # Errors
/// [`LoadError::Connect`] if the root certificates cannot be read.
pub fn client_config(connection: &Connection) -> Result<Option<ClientConfig>, LoadError> {
    let fail = |e: TlsError| LoadError::Connect { target: connection.to_string(), message: e.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authorities = match connection.tls {
        TlsMode::Disable => return Ok(None),
        TlsMode::Prefer | TlsMode::Require => None,
        TlsMode::VerifyCa | TlsMode::VerifyFull => {
            let (roots, given) = roots(connection.tls_root.as_deref()).map_err(fail)?;
            Some(Authorities { roots, given, full: connection.tls == TlsMode::VerifyFull })
        }
    };
    let verifier = Arc::new(Verifier { authorities, provider: provider.clone() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| fail(TlsError::Setup(e)))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &connection.tls_identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = own(identity).map_err(fail)?;
            let certificate = identity.certificate.clone();
            config.with_client_auth_cert(chain, key).map_err(|why| fail(TlsError::Identity { certificate, why }))?
        }
    };
    Ok(Some(config))
}

/// The client's certificate and key.
fn own(identity: &ClientCertificate) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(&identity.certificate, "client certificate")?;
    let path = || identity.key.clone();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::metadata(&identity.key).map_err(|why| TlsError::KeyFile { path: path(), why })?;
        // As in libpq: a key owned by root may be readable by its group.
        let open = if meta.uid() == 0 { 0o037 } else { 0o077 };
        if meta.mode() & open != 0 {
            return Err(TlsError::OpenKey(path()));
        }
    }
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|why| TlsError::Key { path: path(), why })?;
    Ok((chain, key))
}

/// The certificates of a PEM file, at least one.
fn certificates(path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certs: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|why| TlsError::Certificates { what, path: path.to_owned(), why })?;
    if certs.is_empty() { Err(TlsError::NoCertificate(path.to_owned())) } else { Ok(certs) }
}

/// The certificates of a PEM file, as a store and as a list; without a file, those of the system's store and an empty
/// list.
fn roots(file: Option<&Path>) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), TlsError> {
    let mut store = RootCertStore::empty();
    let Some(path) = file else {
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        return match store.is_empty() {
            true => Err(TlsError::NoRoots),
            false => Ok((store, Vec::new())),
        };
    };
    let certs = certificates(path, "root certificates")?;
    for cert in &certs {
        store.add(cert.clone()).map_err(|why| TlsError::Root { path: path.to_owned(), why })?;
    }
    Ok((store, certs))
}

/// What to do about a failed handshake whose cause is a certificate of X.509 version 1, which MySQL's drivers do not read.
pub const VERSION_1_REMEDY: &str = "the certificate is of X.509 version 1; make one of version 3 (`openssl x509 -req` with \
     `-extfile`), or use `ssl-mode=disabled` if the way to the server is safe";

/// Whether an error, or one that it wraps, is rustls's.
pub fn is_of_tls(e: &(dyn std::error::Error + 'static)) -> bool {
    rustls_cause(e).is_some()
}

/// Whether an error has its cause in a certificate of X.509 version 1.
pub fn is_version_1(e: &(dyn std::error::Error + 'static)) -> bool {
    let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = rustls_cause(e) else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::UnsupportedCertVersion))
}

/// The error of rustls that an error is or wraps.
pub(crate) fn rustls_cause<'e>(e: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut cause = Some(e);
    while let Some(inner) = cause {
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = inner.downcast_ref().or_else(|| wrapped.and_then(|w| w.downcast_ref())) {
            return Some(tls);
        }
        cause = inner.source();
    }
    None
}

/// Verifies what the server shows; signatures of the handshake always, so the peer does hold the private key.
#[derive(Debug)]
struct Verifier {
    /// `None`: every certificate is accepted.
    authorities: Option<Authorities>,
    provider: Arc<CryptoProvider>,
}

/// Accepted authorities, and whether the host name is verified as well.
#[derive(Debug)]
struct Authorities {
    roots: RootCertStore,
    /// The certificates of the roots' file.
    given: Vec<CertificateDer<'static>>,
    full: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        cert: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(Authorities { roots, given, full }) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        if let Some(own) = Version1::read(cert) {
            own.verify(cert, given, now, &self.provider)?;
            if *full {
                own.verify_name(name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(cert)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        match verify_server_cert_signed_by_trust_anchor(&parsed, roots, chain, now, algorithms) {
            Ok(()) => {}
            // An authority's certificate must not be used as a server's own, unless the user's file contains exactly
            // this certificate. Its validity period was checked before.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(_))) if given.contains(cert) => {}
            Err(e) => return Err(e),
        }
        if *full {
            verify_server_name(&parsed, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match Version1::read(cert) {
            Some(own) => own.verify_tls12_signature(message, dss, algorithms),
            None => rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match Version1::read(cert) {
            Some(own) => verify_tls13_signature_with_raw_key(message, &own.key()?, dss, algorithms),
            None => rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
