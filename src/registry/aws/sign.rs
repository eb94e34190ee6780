//! AWS Signature Version 4, as AWS describes it in "Create a signed AWS API request".
//!
//! Only what calls to an API with one path and no query need.

use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use crate::registry::credentials::AwsKeys;

/// What is signed: the host and every other header of the request, names in lower case.
pub(super) struct Signable<'a> {
    pub(super) method: &'a str,
    /// The path; it contains nothing that would need encoding.
    pub(super) path: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
}

/// What a signature is valid for: `region` and `service`.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// The value of `Authorization`. `now` is `x-amz-date`: `20150830T123600Z`.
pub(super) fn authorization(keys: &AwsKeys, scope: &Scope<'_>, request: &Signable<'_>, now: &str) -> String {
    let day = now.get(..8).unwrap_or_default();
    let mut headers: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (*name, value.trim())).collect();
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let hash = hex(&Sha256::digest(request.body));
    let canonical = format!("{}\n{}\n\n{lines}\n{names}\n{hash}", request.method, request.path);
    let within = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let canonical = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{now}\n{within}\n{canonical}");
    let signature = hex(&hmac(&key(keys, scope, day), text.as_bytes()));
    format!("AWS4-HMAC-SHA256 Credential={}/{within}, SignedHeaders={names}, Signature={signature}", keys.id)
}

/// The key of one day, region and service.
fn key(keys: &AwsKeys, scope: &Scope<'_>, day: &str) -> [u8; 32] {
    let secret = format!("AWS4{}", keys.secret.expose_secret());
    let parts = [day, scope.region, scope.service, "aws4_request"];
    let first = hmac(secret.as_bytes(), parts[0].as_bytes());
    parts[1..].iter().fold(first, |key, part| hmac(&key, part.as_bytes()))
}

/// HMAC over SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let with = |pad: u8| padded.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(with(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(with(0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// RFC 4231: a short key, one of a full block and more, and a key and data both longer than a block.
    #[test]
    fn hmac_is_as_its_specification_has_it() {
        for (key, message, mac) in [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac(&key, &message)), mac);
        }
    }

    const DATE: &str = "20150830T123600Z";
    const SESSION: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    fn keys() -> AwsKeys {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
        AwsKeys { id: "AKIDEXAMPLE".to_owned(), secret: secret.into(), session: None }
    }

    fn signed(method: &str, more: &[(&'static str, &str)], body: &str) -> (String, String) {
        let mut headers = vec![("host", "example.amazonaws.com".to_owned()), ("x-amz-date", DATE.to_owned())];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let request = Signable { method, path: "/", headers, body: body.as_bytes() };
        let header = authorization(&keys(), &Scope { region: "us-east-1", service: "service" }, &request, DATE);
        let rest =
            header.strip_prefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ");
        let (names, signature) = rest.unwrap().split_once(", ").unwrap();
        let after = |text: &str, name: &str| text.strip_prefix(name).unwrap().to_owned();
        (after(names, "SignedHeaders="), after(signature, "Signature="))
    }

    /// The test suite that AWS publishes for Signature Version 4: `get-vanilla`, `post-vanilla`,
    /// `post-x-www-form-urlencoded` and `post-sts-header-before`.
    #[test]
    fn requests_are_signed_as_the_published_suite_has_them() {
        for (method, more, body, names, signature) in [
            ("GET", vec![], "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", vec![], "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "POST",
                vec![("content-type", "application/x-www-form-urlencoded")],
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "POST",
                vec![("x-amz-security-token", SESSION)],
                "",
                "host;x-amz-date;x-amz-security-token",
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            assert_eq!(signed(method, &more, body), (names.to_owned(), signature.to_owned()));
        }
    }

    /// The derived key from the worked example in AWS's documentation of Signature Version 4.
    #[test]
    fn the_key_of_a_day_is_as_documented() {
        let iam = key(&keys(), &Scope { region: "us-east-1", service: "iam" }, "20150830");
        assert_eq!(hex(&iam), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }
}
