//! Verifies certificates of X.509 version 1, which rustls does not read.
//!
//! `openssl x509 -req` makes them unless it is given extensions, as in the commands of many manuals, and `libpq` accepts
//! them. They have no list of host names: as in `libpq`, the common name is compared instead.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use webpki::RawPublicKeyEntity;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A certificate of version 1.
pub(super) struct Version1(Certificate);

impl Version1 {
    /// Returns `None` for other versions, and for what is no certificate.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Version1> {
        let certificate = Certificate::from_der(der).ok()?;
        (certificate.tbs_certificate.version == Version::V1).then_some(Version1(certificate))
    }

    /// Checks that the certificate is one of `given`, or signed by one of them, and valid at `now`.
    pub(super) fn verify(
        &self,
        own: &CertificateDer<'_>,
        given: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let part = &self.0.tbs_certificate;
        let now = now.as_secs();
        if now < part.validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > part.validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired.into());
        }
        if given.iter().any(|g| g.as_ref() == own.as_ref()) {
            return Ok(());
        }
        let issuers = given.iter().filter_map(|der| Certificate::from_der(der).ok());
        let mut issuers = issuers.filter(|i| i.tbs_certificate.subject == part.issuer).peekable();
        if issuers.peek().is_none() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let signs = |i: Certificate| self.is_signed_by(&i, provider).unwrap_or(false);
        if issuers.any(signs) { Ok(()) } else { Err(CertificateError::BadSignature.into()) }
    }

    /// Compares the common name, of which the first label may be `*`.
    pub(super) fn verify_name(&self, name: &ServerName<'_>) -> Result<(), Error> {
        let host = name.to_str();
        let parts = self.0.tbs_certificate.subject.0.iter().flat_map(|set| set.0.iter());
        let mut names = parts.filter(|part| part.oid == COMMON_NAME).filter_map(|part| {
            let text = std::str::from_utf8(part.value.value()).ok()?;
            Some(text.to_owned())
        });
        match names.any(|common| matches(&common, &host)) {
            true => Ok(()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }

    /// Checks that the peer holds the certificate's private key.
    pub(super) fn verify_handshake(
        &self,
        message: &[u8],
        dss: &DigitallySignedStruct,
        provider: &CryptoProvider,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = provider.signature_verification_algorithms.mapping.iter().find(|(scheme, _)| *scheme == dss.scheme);
        let (_, algorithms) = known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let key = &self.0.tbs_certificate.subject_public_key_info;
        match verified(key, algorithms, message, dss.signature()) {
            Some(true) => Ok(HandshakeSignatureValid::assertion()),
            _ => Err(CertificateError::BadSignature.into()),
        }
    }

    fn is_signed_by(&self, issuer: &Certificate, provider: &CryptoProvider) -> Option<bool> {
        let named = self.0.signature_algorithm.to_der().ok()?;
        let all = provider.signature_verification_algorithms.all.iter().copied();
        // webpki compares the content of the sequence, without its tag and length.
        let algorithms: Vec<_> = all.filter(|a| named.ends_with(a.signature_alg_id().as_ref())).collect();
        let signed = self.0.tbs_certificate.to_der().ok()?;
        verified(&issuer.tbs_certificate.subject_public_key_info, &algorithms, &signed, self.0.signature.as_bytes()?)
    }
}

fn verified(
    key: &SubjectPublicKeyInfoOwned,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let key = SubjectPublicKeyInfoDer::from(key.to_der().ok()?);
    let key = RawPublicKeyEntity::try_from(&key).ok()?;
    Some(algorithms.iter().any(|a| key.verify_signature(*a, message, signature).is_ok()))
}

fn matches(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((_, rest))) => domain.eq_ignore_ascii_case(rest),
        _ => pattern.eq_ignore_ascii_case(host),
    }
}
