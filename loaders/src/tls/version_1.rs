//! Verifies certificates of X.509 version 1, which rustls does not read.
//!
//! `openssl x509 -req` makes them unless it is given extensions, as in the commands of many manuals, and `libpq` accepts
//! them. They have no list of host names: as in `libpq`, the common name is compared instead. The authority that signed one
//! must be in the user's file, since chains are not built.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{
    CertificateDer, ServerName, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use webpki::RawPublicKeyEntity;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A certificate of version 1.
pub(super) struct Version1(Certificate);

impl Version1 {
    /// Returns `None` for other versions, and for what is no certificate.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Version1> {
        let certificate = Certificate::from_der(der).ok()?;
        (certificate.tbs_certificate.version == Version::V1).then_some(Version1(certificate))
    }

    /// Checks that the certificate is one of `given`, or signed by an authority among them, and that both are valid at
    /// `now`.
    pub(super) fn verify(
        &self,
        own: &CertificateDer<'_>,
        given: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        is_valid_at(&self.0, now)?;
        if given.iter().any(|g| g.as_ref() == own.as_ref()) {
            return Ok(());
        }
        let issuers = given.iter().filter_map(|der| Certificate::from_der(der).ok());
        let issuer = &self.0.tbs_certificate.issuer;
        let named: Vec<Certificate> =
            issuers.filter(|i| i.tbs_certificate.subject == *issuer && is_authority(i)).collect();
        if named.is_empty() {
            return Err(CertificateError::UnknownIssuer.into());
        }
        match named.iter().find(|issuer| self.is_signed_by(issuer, provider).unwrap_or(false)) {
            Some(issuer) => is_valid_at(issuer, now),
            None => Err(CertificateError::BadSignature.into()),
        }
    }

    /// Compares the common name, whose first label may be `*` for the name of a host.
    pub(super) fn verify_name(&self, name: &ServerName<'_>) -> Result<(), Error> {
        let host = name.to_str();
        let wildcards = matches!(name, ServerName::DnsName(_));
        let parts = self.0.tbs_certificate.subject.0.iter().flat_map(|set| set.0.iter());
        let mut names = parts
            .filter(|part| part.oid == COMMON_NAME)
            .filter_map(|part| std::str::from_utf8(part.value.value()).ok());
        match names.any(|common| matches(common, &host, wildcards)) {
            true => Ok(()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }

    /// Checks that the peer of a TLS 1.2 handshake holds the certificate's private key.
    pub(super) fn verify_tls12_signature(
        &self,
        message: &[u8],
        dss: &DigitallySignedStruct,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == dss.scheme);
        let (_, usable) = known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        match verified(&self.key()?, usable, message, dss.signature()) {
            Some(true) => Ok(HandshakeSignatureValid::assertion()),
            _ => Err(CertificateError::BadSignature.into()),
        }
    }

    /// The public key.
    pub(super) fn key(&self) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
        key_of(&self.0).ok_or_else(|| CertificateError::BadEncoding.into())
    }

    fn is_signed_by(&self, issuer: &Certificate, provider: &CryptoProvider) -> Option<bool> {
        let named = self.0.signature_algorithm.to_der().ok()?;
        let all = provider.signature_verification_algorithms.all.iter().copied();
        // webpki compares the content of the sequence, without its tag and length.
        let algorithms: Vec<_> = all.filter(|a| named.ends_with(a.signature_alg_id().as_ref())).collect();
        let signed = self.0.tbs_certificate.to_der().ok()?;
        verified(&key_of(issuer)?, &algorithms, &signed, self.0.signature.as_bytes()?)
    }
}

fn key_of(certificate: &Certificate) -> Option<SubjectPublicKeyInfoDer<'static>> {
    Some(SubjectPublicKeyInfoDer::from(certificate.tbs_certificate.subject_public_key_info.to_der().ok()?))
}

fn is_valid_at(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let (validity, now) = (&certificate.tbs_certificate.validity, now.as_secs());
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// Whether a certificate of the user's file may sign others: by its extensions, or, in version 1, if it is its own issuer.
fn is_authority(certificate: &Certificate) -> bool {
    let part = &certificate.tbs_certificate;
    if part.version == Version::V1 {
        return part.issuer == part.subject;
    }
    let constraints = part.get::<BasicConstraints>().ok().flatten();
    let signs = match part.get::<KeyUsage>() {
        Ok(usage) => usage.is_none_or(|(_, usage)| usage.key_cert_sign()),
        Err(_) => false,
    };
    signs && constraints.is_some_and(|(_, constraints)| constraints.ca)
}

fn verified(
    key: &SubjectPublicKeyInfoDer<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let key = RawPublicKeyEntity::try_from(key).ok()?;
    Some(algorithms.iter().any(|a| key.verify_signature(*a, message, signature).is_ok()))
}

fn matches(pattern: &str, host: &str, wildcards: bool) -> bool {
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((_, rest))) if wildcards => domain.eq_ignore_ascii_case(rest),
        _ => pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label_of_a_host_and_for_no_part_of_an_address() {
        assert!(matches("*.example.org", "DB.example.org", true) && matches("db", "DB", true));
        assert!(!matches("*.example.org", "a.b.example.org", true) && !matches("*.example.org", "example.org", true));
        assert!(!matches("*.0.0.1", "127.0.0.1", false) && matches("127.0.0.1", "127.0.0.1", false));
    }
}
