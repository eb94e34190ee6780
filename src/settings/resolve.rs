//! From what was given to [`Settings`]: action inputs if the program was started as the action, then flags, then
//! variables. Empty counts as absent. No error text contains a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::{ForgeChoice, Format, Key, RecordMode, Settings};
use crate::action::Environment;
use crate::action::Variables;
use crate::net::{Hosts, HostsError};
use crate::registry::credentials;
use crate::registry::remote::Patience;

/// A text, and where it came from: a flag or a variable.
pub(super) struct Sourced {
    pub(super) text: String,
    origin: String,
}

pub struct Given<'a> {
    /// The flags that were given, by the setting's name; for a secret, the name of its file, or `-`.
    pub flags: BTreeMap<&'static str, String>,
    /// How often `-v` was given.
    pub verbosity: u8,
    pub variables: &'a Variables,
    /// Whether the program was started like the action: without a command argument.
    pub as_action: bool,
    /// Standard input, for a secret given as `-`; read once.
    pub stdin: &'a mut dyn Read,
    pub directory: PathBuf,
}

/// An invalid setting: which one, its source, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

/// The secrets of a run. They are determined before everything else, so that the runner can hide them.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    pub github_token: Option<SecretString>,
    pub dockerhub_token: Option<SecretString>,
    /// The text of a Docker `config.json`.
    pub registry_auth: Option<SecretString>,
    /// Why one is missing: a file that cannot be read, or two secrets that both come from standard input. The others
    /// are hidden anyway.
    pub error: Option<SettingsError>,
}

/// Determines the secrets, reading the files that contain them.
pub fn secrets(given: &mut Given<'_>) -> Secrets {
    let (stdin, mut error) = match read_stdin(given) {
        Ok(stdin) => (stdin, None),
        Err(e) => (None, Some(e)),
    };
    let mut secret = |name| {
        let secret = given.secret(name, stdin.as_ref());
        secret.unwrap_or_else(|e| {
            error.get_or_insert(e);
            None
        })
    };
    let (github_token, dockerhub_token) = (secret("github-token"), secret("dockerhub-token"));
    let registry_auth = secret("registry-auth");
    Secrets { github_token, dockerhub_token, registry_auth, error }
}

/// The format for results, as far as it is known; for what must be printed before all settings are known.
pub(crate) fn format_of(given: &Given<'_>) -> Format {
    given.parse("format", format).ok().flatten().unwrap_or_default()
}

/// Determines the settings.
pub fn resolve(given: &Given<'_>, secrets: Secrets) -> Result<Settings, SettingsError> {
    let Secrets { github_token, dockerhub_token, registry_auth, error } = secrets;
    if let Some(error) = error {
        return Err(error);
    }
    let github = Environment::read(given.variables).map_err(|e| SettingsError(e.to_string()))?;
    let dockerhub_username = given.text("dockerhub-username").map(|given| given.text);
    if dockerhub_token.is_some() && dockerhub_username.is_none() {
        return Err(SettingsError(
            "dockerhub-token needs dockerhub-username: the user, or the organization of an organization access token"
                .to_owned(),
        ));
    }
    let forge = given.parse("forge", forge)?.unwrap_or_else(|| default_forge(&github, github_token.is_some()));
    let patience = Patience::default();
    Ok(Settings {
        manifest: given
            .parse("manifest", |text| repository_path(text, &given.directory))?
            .unwrap_or_else(|| "approved-images.yml".to_owned()),
        format: given.parse("format", format)?.unwrap_or_default(),
        log_level: log_level(given)?,
        forge,
        github_token,
        dockerhub_username,
        dockerhub_token,
        registry_auth,
        ca_certificates: given.certificates()?,
        record: given.parse("record", record)?.unwrap_or_default(),
        min_approvals: given.parse("min-approvals", number)?.unwrap_or(0),
        shard: given.parse("shard", FromStr::from_str)?,
        dry_run: given.parse("dry-run", switch)?.unwrap_or(false),
        timeout: given.parse("timeout", duration)?.unwrap_or(patience.idle),
        source_timeout: given.parse("source-timeout", duration)?.unwrap_or(patience.source),
        hosts: hosts(given.variables)?,
        token_services: given.parse("token-services", FromStr::from_str)?.unwrap_or_default(),
        consumers: given.parse("consumers", consumers)?.unwrap_or_default(),
        reports: given.text("reports").map(|reports| given.directory.join(reports.text.trim())),
        docker: docker(given),
        directory: given.directory.clone(),
        github,
    })
}

/// `-v` is a flag, so it takes precedence over variables; an input of the action takes precedence over both.
fn log_level(given: &Given<'_>) -> Result<tracing::Level, SettingsError> {
    let named = given.parse("log-level", level)?;
    match given.verbosity {
        0 => Ok(named.unwrap_or_else(|| verbosity(0))),
        count if !given.as_action && !given.flags.contains_key("log-level") => Ok(verbosity(count)),
        count => Ok(named.unwrap_or_else(|| verbosity(count))),
    }
}

fn default_forge(github: &Environment, token: bool) -> ForgeChoice {
    if github.in_actions || (token && github.repository.is_some()) { ForgeChoice::GitHub } else { ForgeChoice::None }
}

/// `WHARFINGER_HOSTS`: environment only.
fn hosts(variables: &Variables) -> Result<Hosts, SettingsError> {
    let text = variables.get("WHARFINGER_HOSTS").map(String::as_str).unwrap_or_default();
    // A part that may contain a password is not repeated.
    let told = |e: HostsError| {
        if e.part.contains(['@', '?', '#']) { format!("WHARFINGER_HOSTS: {}", e.why) } else { e.to_string() }
    };
    text.parse().map_err(|e| SettingsError(told(e)))
}

/// Docker's configuration, located like Docker does.
fn docker(given: &Given<'_>) -> credentials::Environment {
    let variable = |name: &str| given.variables.get(name).filter(|text| !text.trim().is_empty()).cloned();
    credentials::Environment {
        docker_auth_config: variable("DOCKER_AUTH_CONFIG").map(SecretString::from),
        docker_config: variable("DOCKER_CONFIG").map(|directory| given.directory.join(directory)),
        home: variable("HOME").map(PathBuf::from),
        path: variable("PATH").map(Into::into),
        github_server_url: variable("GITHUB_SERVER_URL"),
        aws: variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).map(|(id, secret)| {
            let session = variable("AWS_SESSION_TOKEN").map(|text| text.trim().to_owned().into());
            credentials::AwsKeys { id: id.trim().to_owned(), secret: secret.trim().to_owned().into(), session }
        }),
    }
}

impl Given<'_> {
    /// The value given for a setting.
    fn text(&self, name: &str) -> Option<Sourced> {
        self.texts(Key::named(name)?).next()
    }

    /// The same, with all values that it overrides.
    pub(super) fn texts(&self, key: &Key) -> impl Iterator<Item = Sourced> {
        let flag = self.flags.get(key.name).filter(|text| !key.secret && !text.is_empty());
        let flag = flag.map(|text| Sourced { text: text.clone(), origin: format!("--{}", key.name) });
        self.input(key).into_iter().chain(flag).chain(self.variable(&key.variable())).chain(self.people(key))
    }

    fn input(&self, key: &Key) -> Option<Sourced> {
        if self.as_action && key.input { self.variable(&key.input_variable()) } else { None }
    }

    fn people(&self, key: &Key) -> impl Iterator<Item = Sourced> {
        key.people.iter().filter_map(|name| self.variable(name))
    }

    pub(super) fn variable(&self, name: &str) -> Option<Sourced> {
        let text = self.variables.get(name).filter(|text| !text.trim().is_empty())?;
        Some(Sourced { text: text.clone(), origin: name.to_owned() })
    }

    /// The given value, parsed; the error names its source and quotes it.
    fn parse<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(Sourced { text, origin }) = self.text(name) else { return Ok(None) };
        let quoted = crate::text::excerpt(&text, 80);
        parse(text.trim()).map(Some).map_err(|e| SettingsError(format!("{origin} is `{quoted}`: {e}")))
    }

    /// A secret: the input, the file named by its flag, the variables; without the final line break that files have.
    fn secret(&self, name: &str, stdin: Option<&Sourced>) -> Result<Option<SecretString>, SettingsError> {
        let Some(key) = Key::named(name) else { return Ok(None) };
        if let Some(given) = self.input(key) {
            return Ok(Some(secret_text(&given.text)));
        }
        if let Some(file) = self.secret_file_flag(key) {
            return self.secret_from(&file, stdin);
        }
        if let Some(given) = self.variable(&key.variable()) {
            return Ok(Some(secret_text(&given.text)));
        }
        if let Some(file) = self.secret_file_variable(key) {
            return self.secret_from(&file, stdin);
        }
        Ok(self.people(key).next().map(|given| secret_text(&given.text)))
    }

    /// The file that holds a secret, by flag.
    fn secret_file_flag(&self, key: &Key) -> Option<Sourced> {
        let file = self.flags.get(key.name).filter(|file| !file.is_empty())?;
        Some(Sourced { text: file.clone(), origin: format!("--{}-file", key.name) })
    }

    /// The file that holds a secret, by `WHARFINGER_A_B_FILE`.
    fn secret_file_variable(&self, key: &Key) -> Option<Sourced> {
        self.variable(&format!("{}_FILE", key.variable()))
    }

    fn secret_from(&self, file: &Sourced, stdin: Option<&Sourced>) -> Result<Option<SecretString>, SettingsError> {
        let text = match stdin {
            Some(stdin) if file.text == "-" && stdin.origin == file.origin => stdin.text.clone(),
            _ => read_file(&self.directory, &file.text, &file.origin)?,
        };
        Ok(Some(text).filter(|text| !text.trim().is_empty()).map(|text| secret_text(&text)))
    }

    /// `ca-certificates`: PEM text or, outside the action, a file that contains it.
    fn certificates(&self) -> Result<Option<String>, SettingsError> {
        let Some(Sourced { text, origin }) = self.text("ca-certificates") else { return Ok(None) };
        let pem = if text.contains("-----BEGIN ") || self.as_action {
            text
        } else {
            read_file(&self.directory, &text, &origin)?
        };
        if pem.contains("-----BEGIN CERTIFICATE-----") {
            Ok(Some(pem))
        } else {
            Err(SettingsError(format!(
                "{origin} contains no certificate: PEM text starts with -----BEGIN CERTIFICATE-----"
            )))
        }
    }
}

/// Standard input, if one secret is given as `-`, and which setting that is.
fn read_stdin(given: &mut Given<'_>) -> Result<Option<Sourced>, SettingsError> {
    let readers: Vec<String> = super::KEYS
        .iter()
        .filter(|key| key.secret)
        .filter_map(|key| given.secret_file_flag(key).or_else(|| given.secret_file_variable(key)))
        .filter(|file| file.text == "-")
        .map(|file| file.origin)
        .collect();
    match readers.as_slice() {
        [] => Ok(None),
        [origin] => {
            let mut text = String::new();
            let read = given.stdin.take(SECRET_LIMIT + 1).read_to_string(&mut text);
            read.map_err(|e| SettingsError(format!("{origin}: standard input cannot be read: {e}")))?;
            bounded(text, origin).map(|text| Some(Sourced { text, origin: origin.clone() }))
        }
        several => Err(SettingsError(format!("{}: only one secret can come from standard input", several.join(", ")))),
    }
}

/// The maximum size in bytes of a secret or a bundle of certificates.
const SECRET_LIMIT: u64 = 4_000_000;

fn read_file(directory: &Path, file: &str, origin: &str) -> Result<String, SettingsError> {
    let fault = |e| SettingsError(format!("{origin} names {file}, which cannot be read: {e}"));
    let mut text = String::new();
    let opened = std::fs::File::open(directory.join(file)).map_err(fault)?;
    opened.take(SECRET_LIMIT + 1).read_to_string(&mut text).map_err(fault)?;
    bounded(text, origin)
}

fn bounded(text: String, origin: &str) -> Result<String, SettingsError> {
    if text.len() as u64 > SECRET_LIMIT {
        return Err(SettingsError(format!("{origin} has more than 4 MB")));
    }
    Ok(text)
}

fn secret_text(text: &str) -> SecretString {
    SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A file below the directory that the program was started in, which in a job is the repository, as the forge names it:
/// without `.`, `..` and empty parts, so that it is compared and recorded in one spelling.
fn repository_path(text: &str, directory: &Path) -> Result<String, &'static str> {
    const OUTSIDE: &str = "it leads out of the repository: run wharfinger in the repository's root and name a file \
                           below it, such as teams/images.yml";
    let path = Path::new(text);
    let mut parts = Vec::new();
    for part in path.strip_prefix(directory).unwrap_or(path).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => parts.extend(name.to_str()),
            Component::ParentDir => drop(parts.pop().ok_or(OUTSIDE)?),
            Component::RootDir | Component::Prefix(_) => return Err(OUTSIDE),
        }
    }
    match parts.as_slice() {
        [] => Err("it is not a file name: write it as approved-images.yml or teams/images.yml"),
        parts => Ok(parts.join("/")),
    }
}

/// How many repositories are searched at most.
const CONSUMERS: usize = 50;

/// Repositories on GitHub, separated by commas or blanks.
fn consumers(text: &str) -> Result<Vec<String>, &'static str> {
    const EXPECTED: &str = "expected at most 50 of OWNER/REPO, separated by commas, such as acme/shop,acme/web";
    let names = text.split([',', ' ', '\t', '\r', '\n']).filter(|name| !name.is_empty());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    let part = |part: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=100).contains(&part.len()) && part.bytes().all(fits) && !part.bytes().all(|b| b == b'.')
    };
    let is_name = |name: &String| name.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name));
    if names.len() > CONSUMERS || !names.iter().all(is_name) { Err(EXPECTED) } else { Ok(names.into_iter().collect()) }
}

fn format(text: &str) -> Result<Format, &'static str> {
    match text {
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        "sarif" => Ok(Format::Sarif),
        "markdown" => Ok(Format::Markdown),
        _ => Err("expected one of human, json, sarif, markdown"),
    }
}

fn forge(text: &str) -> Result<ForgeChoice, &'static str> {
    match text {
        "github" => Ok(ForgeChoice::GitHub),
        "git" => Ok(ForgeChoice::Git),
        "none" => Ok(ForgeChoice::None),
        _ => Err("expected one of github, git, none"),
    }
}

fn record(text: &str) -> Result<RecordMode, &'static str> {
    match text {
        "auto" => Ok(RecordMode::Auto),
        "commit" => Ok(RecordMode::Commit),
        "pull-request" => Ok(RecordMode::PullRequest),
        "none" => Ok(RecordMode::None),
        _ => Err("expected one of commit, pull-request, auto, none"),
    }
}

fn number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "expected a whole number, 0 or greater")
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = crate::text::duration(text).filter(|duration| !duration.is_zero());
    duration.ok_or("expected a number above zero followed by s, m, h, d or w, such as 90s or 5m")
}

fn switch(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err("expected true or false"),
    }
}

fn level(text: &str) -> Result<tracing::Level, &'static str> {
    text.parse()
        .ok()
        .filter(|_| !text.chars().any(|c| c.is_ascii_digit()))
        .ok_or("expected one of error, warn, info, debug, trace")
}

fn verbosity(count: u8) -> tracing::Level {
    match count {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    }
}
