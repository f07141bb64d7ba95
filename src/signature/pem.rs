//! RSA keys in PEM: PKCS#8, PKCS#1 and `SubjectPublicKeyInfo`, as `openssl` writes them.

use pkcs1::{ALGORITHM_ID, ALGORITHM_OID, RsaPrivateKeyRef, RsaPublicKeyRef, UintRef};
use pkcs8::der::EncodePem;
use pkcs8::der::asn1::BitStringRef;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{LineEnding, PrivateKeyInfoRef};
use ring::signature::RsaKeyPair;
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::KeyFault;

/// Bits of the shortest modulus that is taken.
pub(super) const BITS_MIN: usize = 2048;
/// Bits of the longest modulus one can sign with.
pub(super) const BITS_MAX: usize = 4096;

/// The private key in `text`.
pub(super) fn private_key(text: &str) -> Result<RsaKeyPair, KeyFault> {
    let (kind, der) = section(text)?;
    let pkcs8;
    let pkcs1 = match kind {
        SectionKind::RsaPrivateKey => der.as_slice(),
        SectionKind::PrivateKey => {
            pkcs8 = PrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| KeyFault::Damaged)?;
            if pkcs8.algorithm.oid != ALGORITHM_OID {
                return Err(KeyFault::NotRsa);
            }
            pkcs8.private_key.as_bytes()
        }
        SectionKind::EcPrivateKey => return Err(KeyFault::NotRsa),
        SectionKind::PublicKey | SectionKind::Certificate => return Err(KeyFault::PublicToSign),
        _ => return Err(KeyFault::NotPem),
    };
    let numbers = RsaPrivateKeyRef::try_from(pkcs1).map_err(|_| KeyFault::Damaged)?;
    check_length(&numbers.modulus)?;
    RsaKeyPair::from_der(pkcs1).map_err(|_| KeyFault::Unusable)
}

/// The public key in `text`, as the DER of PKCS#1.
pub(super) fn public_key(text: &str) -> Result<Vec<u8>, KeyFault> {
    let (kind, der) = section(text)?;
    match kind {
        SectionKind::PublicKey => {}
        SectionKind::RsaPrivateKey | SectionKind::PrivateKey | SectionKind::EcPrivateKey => {
            return Err(KeyFault::PrivateToVerify);
        }
        SectionKind::Certificate => return Err(KeyFault::Certificate),
        _ => return Err(KeyFault::NotPem),
    }
    let about = SubjectPublicKeyInfoRef::try_from(der.as_slice()).map_err(|_| KeyFault::Damaged)?;
    if about.algorithm.oid != ALGORITHM_OID {
        return Err(KeyFault::NotRsa);
    }
    let pkcs1 = about.subject_public_key.as_bytes().ok_or(KeyFault::Damaged)?;
    let numbers = RsaPublicKeyRef::try_from(pkcs1).map_err(|_| KeyFault::Damaged)?;
    check_length(&numbers.modulus)?;
    Ok(pkcs1.to_vec())
}

/// The public key with this DER of PKCS#1 as PEM of a `SubjectPublicKeyInfo`, which every tool reads.
pub(super) fn public_pem(pkcs1: &[u8]) -> Option<String> {
    let subject_public_key = BitStringRef::from_bytes(pkcs1).ok()?;
    let about = SubjectPublicKeyInfoRef { algorithm: ALGORITHM_ID, subject_public_key };
    about.to_pem(LineEnding::LF).ok()
}

/// The first section of a PEM text.
fn section(text: &str) -> Result<(SectionKind, Vec<u8>), KeyFault> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(KeyFault::Locked);
    }
    match <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()).next() {
        Some(Ok(section)) => Ok(section),
        Some(Err(_)) => Err(KeyFault::Damaged),
        None => Err(KeyFault::NotPem),
    }
}

fn check_length(modulus: &UintRef<'_>) -> Result<(), KeyFault> {
    let bytes = modulus.as_bytes();
    let unused = bytes.first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = (bytes.len() * 8).saturating_sub(unused);
    if (BITS_MIN..=BITS_MAX).contains(&bits) { Ok(()) } else { Err(KeyFault::Length { bits }) }
}
