//! Cryptography for the verification library, by ring.
//!
//! ring hashes what it verifies and does not accept a digest instead. If the library has only a digest, the bytes are
//! looked up among those passed to [`knowing`] and hashed again: a signature counts only over bytes with that digest.

use std::cell::RefCell;
use std::sync::Once;

use bytes::Bytes;
use ring::digest::{Context, SHA256, SHA384, SHA512, digest as ring_digest};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use sigstore_verify::crypto::{CryptoProvider, Error, HashContext, SigningScheme, install_default_provider};
use sigstore_verify::types::HashAlgorithm;

#[derive(Debug)]
struct Ring;

/// Makes the library use ring. Must run before any of the library's verifiers is created.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    // Nothing else installs a provider; if something had, that one would serve as well.
    ONCE.call_once(|| {
        let _ = install_default_provider(&Ring);
    });
}

thread_local! {
    static KNOWN: RefCell<Bytes> = const { RefCell::new(Bytes::new()) };
}

/// Runs `verify`; inside it, signatures over digests of `bytes` can be verified.
pub(super) fn knowing<T>(bytes: &Bytes, verify: impl FnOnce() -> T) -> T {
    KNOWN.set(bytes.clone());
    let result = verify();
    KNOWN.set(Bytes::new());
    result
}

struct Hash(Context);

impl HashContext for Hash {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finalize(self: Box<Self>) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

fn hash_of(algorithm: HashAlgorithm) -> Result<&'static ring::digest::Algorithm, Error> {
    Ok(match algorithm {
        HashAlgorithm::Sha2256 => &SHA256,
        HashAlgorithm::Sha2384 => &SHA384,
        HashAlgorithm::Sha2512 => &SHA512,
        other => return Err(Error::UnsupportedAlgorithm(other.to_string())),
    })
}

fn verification(scheme: SigningScheme) -> Result<&'static dyn VerificationAlgorithm, Error> {
    Ok(match scheme {
        SigningScheme::EcdsaP256Sha256 => &ECDSA_P256_SHA256_ASN1,
        SigningScheme::EcdsaP256Sha384 => &ECDSA_P256_SHA384_ASN1,
        SigningScheme::EcdsaP384Sha256 => &ECDSA_P384_SHA256_ASN1,
        SigningScheme::EcdsaP384Sha384 => &ECDSA_P384_SHA384_ASN1,
        SigningScheme::Ed25519 => &ED25519,
        SigningScheme::RsaPkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        SigningScheme::RsaPkcs1Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        SigningScheme::RsaPkcs1Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        SigningScheme::RsaPssSha256 => &RSA_PSS_2048_8192_SHA256,
        SigningScheme::RsaPssSha384 => &RSA_PSS_2048_8192_SHA384,
        SigningScheme::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
        other => return Err(Error::UnsupportedAlgorithm(other.name().to_owned())),
    })
}

impl CryptoProvider for Ring {
    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>, Error> {
        Ok(Box::new(Hash(Context::new(hash_of(algorithm)?))))
    }

    fn verify_raw(&self, scheme: SigningScheme, key: &[u8], data: &[u8], signature: &[u8]) -> Result<(), Error> {
        UnparsedPublicKey::new(verification(scheme)?, key)
            .verify(data, signature)
            .map_err(|_| Error::Verification(format!("{} signature invalid", scheme.name())))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let unknown = || Error::Verification("the signed bytes are not known".to_owned());
        let algorithm = hash_of(scheme.hash_algorithm().ok_or_else(unknown)?)?;
        KNOWN.with_borrow(|known| {
            if ring_digest(algorithm, known).as_ref() != digest {
                return Err(unknown());
            }
            self.verify_raw(scheme, key, known, signature)
        })
    }
}
