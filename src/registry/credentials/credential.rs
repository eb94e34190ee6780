//! Credentials, and where they come from.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// What a registry or its token service accepts as proof of identity.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A user name and a password or token.
    Password { username: String, password: SecretString },
    /// An identity token, exchanged for bearer tokens by the OAuth2 refresh flow.
    Identity(SecretString),
    /// A bearer token, sent to the registry as is.
    Bearer(SecretString),
    /// The job's own GitHub token, for ghcr.io: if it is refused, the registry is read anonymously.
    Job(SecretString),
}

/// The user name sent with the job's own token: ghcr.io checks only the token.
pub(crate) const JOB_USER: &str = "wharfinger";

/// A credential, and where it came from.
#[derive(Debug, Clone)]
pub struct KnownCredential {
    pub credential: Credential,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `dockerhub-username` and `dockerhub-token`.
    DockerHub,
    /// `github-token`.
    GitHub,
    RegistryAuth,
    DockerAuthConfig,
    /// Docker's `config.json`, by its path.
    File(String),
    /// A credential helper, by its program name.
    Helper(String),
    /// AWS keys, for Amazon ECR.
    Aws,
    /// Given to the command directly.
    Command,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DockerHub => "dockerhub-token",
            Self::GitHub => "github-token",
            Self::RegistryAuth => "registry-auth",
            Self::DockerAuthConfig => "DOCKER_AUTH_CONFIG",
            Self::File(path) => path,
            Self::Helper(program) => program,
            Self::Aws => "AWS_ACCESS_KEY_ID",
            Self::Command => "the command's own options",
        })
    }
}

impl fmt::Display for KnownCredential {
    /// The user name and the source of the credential; never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.credential {
            Credential::Password { username, .. } => write!(f, "{}", display_username(username))?,
            Credential::Identity(_) => f.write_str("the holder of an identity token")?,
            Credential::Bearer(_) => f.write_str("the holder of a bearer token")?,
            Credential::Job(_) => f.write_str("the holder of GitHub's token")?,
        }
        match self.place {
            Place::Command => Ok(()),
            _ => write!(f, " (from {})", self.place),
        }
    }
}

impl KnownCredential {
    pub(super) fn is_job(&self) -> bool {
        matches!(self.credential, Credential::Job(_))
    }
}

/// How tokens begin: some people supply theirs as the user name.
const TOKENS: [&str; 9] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "dckr_", "glpat-", "eyJ"];

/// A user name as it may be shown.
pub(crate) fn display_username(username: &str) -> String {
    if TOKENS.iter().any(|start| username.starts_with(start)) {
        return "a token used as the user name".to_owned();
    }
    crate::text::excerpt(username, 80)
}

impl Credential {
    pub(super) fn secret(&self) -> &SecretString {
        match self {
            Self::Password { password: secret, .. }
            | Self::Identity(secret)
            | Self::Bearer(secret)
            | Self::Job(secret) => secret,
        }
    }
}

/// AWS keys, for Amazon ECR.
#[derive(Debug, Clone)]
pub struct AwsKeys {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: SecretString,
    /// `AWS_SESSION_TOKEN`, for temporary keys.
    pub session: Option<SecretString>,
}

/// Which credential configuration cannot be used, and why; never its contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {why}")]
pub struct CredentialError {
    /// `registry-auth`, `DOCKER_AUTH_CONFIG`, the path of a file, or the name of a helper.
    pub origin: String,
    pub why: String,
}

/// The value of Basic authentication, without the word `Basic`.
pub(crate) fn basic(username: &str, password: &SecretString) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose_secret()))
}
