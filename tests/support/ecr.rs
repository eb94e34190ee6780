//! A stand-in for Amazon ECR's API that trusts nothing unsigned: it recomputes every signature independently (AWS
//! Signature Version 4, as AWS documents it) and creates repositories in an accompanying registry.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::http::{Handler, Request, Response, Rule, Server, lock};
use super::registry::{Auth, Handle, TestRegistry, User};

pub const KEY: &str = "AKIDTESTTESTTESTTEST";
pub const SECRET: &str = "aws-secret-canary/with+signs";
pub const SESSION: &str = "aws-session-canary==";
pub const PASSWORD: &str = "ecr-password-canary";

/// What the stand-in knows, and what the keys may do.
struct Core {
    registry: Handle,
    region: String,
    repositories: Mutex<BTreeSet<String>>,
    denied: Mutex<BTreeSet<String>>,
    session: bool,
}

/// A running stand-in.
pub struct TestEcr {
    server: Server,
    core: Arc<Core>,
}

impl TestEcr {
    /// The API of a region in front of `registry`, which from now on accepts only the password that the API gives, and
    /// does not create repositories on push. `session`: the keys come with a session token.
    pub fn start(registry: &TestRegistry, region: &str, session: bool) -> Self {
        registry.add_user(User::new("AWS", PASSWORD));
        registry.set(|switches| {
            switches.auth = Auth::Basic;
            switches.anonymous_pull = false;
            switches.create_on_push = false;
        });
        let core = Arc::new(Core {
            registry: registry.handle(),
            region: region.to_owned(),
            repositories: Mutex::default(),
            denied: Mutex::default(),
            session,
        });
        Self { server: Server::start(Front(Arc::clone(&core))), core }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The calls so far, each with its status.
    pub fn calls(&self) -> Vec<String> {
        let name = |request: &Request| {
            let target = request.header("x-amz-target").unwrap_or_default();
            target.rsplit('.').next().unwrap_or_default().to_owned()
        };
        let line = |e: &super::http::Exchange| {
            let status = e.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            format!("{} {status}", name(&e.request))
        };
        self.server.log().iter().map(line).collect()
    }

    pub fn repositories(&self) -> Vec<String> {
        lock(&self.core.repositories).iter().cloned().collect()
    }

    /// Creates a repository, as somebody else would.
    pub fn make(&self, repository: &str) {
        self.core.make(repository);
    }

    /// Makes IAM forbid this call to the keys.
    pub fn deny(&self, call: &str) {
        lock(&self.core.denied).insert(call.to_owned());
    }

    pub fn fault(&self, rule: Rule) {
        self.server.fault(rule);
    }
}

struct Front(Arc<Core>);

impl Handler for Front {
    fn handle(&self, request: &Request) -> Response {
        self.0.answer(request)
    }
}

fn refused(status: u16, kind: &str, message: &str) -> Response {
    let body = json!({"__type": format!("com.amazonaws.ecr#{kind}"), "message": message});
    Response::json(status, &body)
}

impl Core {
    fn make(&self, repository: &str) {
        lock(&self.repositories).insert(repository.to_owned());
        self.registry.create_repository(repository);
    }

    fn answer(&self, request: &Request) -> Response {
        if let Err(refusal) = self.verified(request) {
            return refusal;
        }
        let target = request.header("x-amz-target").unwrap_or_default();
        let Some(call) = target.strip_prefix("AmazonEC2ContainerRegistry_V20150921.") else {
            return refused(400, "UnknownOperationException", "");
        };
        if request.header("content-type") != Some("application/x-amz-json-1.1") || request.method != "POST" {
            return refused(400, "SerializationException", "");
        }
        if lock(&self.denied).contains(call) {
            let message = format!("User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:{call}");
            return refused(400, "AccessDeniedException", &message);
        }
        self.done(call, &request.json())
    }

    fn done(&self, call: &str, body: &Value) -> Response {
        match call {
            "GetAuthorizationToken" => {
                let token = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
                let data =
                    json!({"authorizationToken": token, "expiresAt": 1.9e9, "proxyEndpoint": "https://registry"});
                Response::json(200, &json!({"authorizationData": [data]}))
            }
            "DescribeRepositories" => {
                let name = body["repositoryNames"][0].as_str().unwrap_or_default();
                match lock(&self.repositories).contains(name) {
                    true => Response::json(200, &json!({"repositories": [{"repositoryName": name}]})),
                    false => refused(400, "RepositoryNotFoundException", "The repository does not exist"),
                }
            }
            "CreateRepository" => {
                let name = body["repositoryName"].as_str().unwrap_or_default().to_owned();
                if lock(&self.repositories).contains(&name) {
                    return refused(400, "RepositoryAlreadyExistsException", "The repository already exists");
                }
                self.make(&name);
                Response::json(200, &json!({"repository": {"repositoryName": name}}))
            }
            _ => refused(400, "UnknownOperationException", call),
        }
    }

    /// Checks that the request is signed by the keys, for this region, now, and over every header that matters.
    fn verified(&self, request: &Request) -> Result<(), Response> {
        let unsigned = |why: &str| refused(400, "IncompleteSignatureException", why);
        let header = request.header("authorization").ok_or_else(|| unsigned("no Authorization"))?;
        let rest = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(|| unsigned("another algorithm"))?;
        let part = |name: &str| {
            let found = rest.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.map(str::to_owned).ok_or_else(|| unsigned(name))
        };
        let (credential, names, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        let date = request.header("x-amz-date").ok_or_else(|| unsigned("no x-amz-date"))?;
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/ecr/aws4_request", self.region);
        if credential != format!("{KEY}/{scope}") {
            return Err(refused(400, "UnrecognizedClientException", "The security token included is invalid."));
        }
        let age =
            chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map(|at| chrono::Utc::now().naive_utc() - at);
        if !age.is_ok_and(|age| age.num_minutes().abs() < 5) {
            return Err(refused(400, "InvalidSignatureException", "Signature expired"));
        }
        let signed: Vec<&str> = names.split(';').collect();
        let mut needed = vec!["content-type", "host", "x-amz-date", "x-amz-target"];
        if self.session {
            needed.push("x-amz-security-token");
            if request.header("x-amz-security-token") != Some(SESSION) {
                return Err(refused(400, "UnrecognizedClientException", "The security token included is invalid."));
            }
        }
        if !signed.is_sorted() || needed.iter().any(|name| !signed.contains(name)) {
            return Err(unsigned("a header that is not signed"));
        }
        let lines: Vec<String> =
            signed.iter().map(|name| format!("{name}:{}", request.header(name).unwrap_or_default().trim())).collect();
        let canonical = [
            request.method.as_str(),
            &request.path,
            request.query.as_deref().unwrap_or_default(),
            &lines.join("\n"),
            "",
            &names,
            &hex(&Sha256::digest(&request.body)),
        ]
        .join("\n");
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let key = scope.split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
        if hex(&mac(&key, text.as_bytes())) != signature {
            let message = "The request signature we calculated does not match the signature you provided.";
            return Err(refused(403, "InvalidSignatureException", message));
        }
        Ok(())
    }
}

/// HMAC-SHA-256 by its definition: H(K ^ opad, H(K ^ ipad, text)).
fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block.resize(64, 0);
    let padded = |with: u8| block.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
