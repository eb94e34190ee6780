//! Where settings come from, and their order of precedence.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use wharfinger::internals::action::Variables;
use wharfinger::internals::settings::{self, ForgeChoice, Format, Given, KEYS, RecordMode, Settings};

struct Case {
    flags: BTreeMap<&'static str, String>,
    variables: Variables,
    as_action: bool,
    stdin: &'static str,
    directory: tempfile::TempDir,
}

fn case() -> Case {
    let directory = tempfile::tempdir().unwrap();
    Case { flags: BTreeMap::new(), variables: Variables::new(), as_action: false, stdin: "", directory }
}

impl Case {
    fn flag(mut self, name: &'static str, value: &str) -> Self {
        self.flags.insert(name, value.to_owned());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text).unwrap();
        self
    }

    fn started_as_action(mut self) -> Self {
        self.as_action = true;
        self
    }

    fn stdin(mut self, text: &'static str) -> Self {
        self.stdin = text;
        self
    }

    fn resolve(self) -> Result<Settings, String> {
        let mut stdin = self.stdin.as_bytes();
        let mut given = Given {
            flags: self.flags,
            verbosity: 0,
            variables: &self.variables,
            as_action: self.as_action,
            stdin: &mut stdin,
            directory: self.directory.path().to_owned(),
        };
        let secrets = settings::secrets(&mut given);
        let resolved = settings::resolve(&given, secrets).map_err(|e| e.to_string());
        resolved.map_err(|text| text.replace(&self.directory.path().display().to_string(), "DIR"))
    }

    fn settings(self) -> Settings {
        self.resolve().unwrap()
    }

    fn error(self) -> String {
        self.resolve().unwrap_err()
    }
}

fn username(case: Case) -> Option<String> {
    case.settings().dockerhub_username
}

fn token(case: Case) -> Option<String> {
    case.variable("DOCKERHUB_USERNAME", "acme")
        .settings()
        .dockerhub_token
        .map(|secret| secret.expose_secret().to_owned())
}

/// Everything that can give the user name, the strongest first.
fn all_usernames() -> Case {
    case()
        .started_as_action()
        .variable("INPUT_DOCKERHUB-USERNAME", "input")
        .flag("dockerhub-username", "flag")
        .variable("WHARFINGER_DOCKERHUB_USERNAME", "ours")
        .variable("DOCKERHUB_USERNAME", "people")
}

#[test]
fn inputs_go_before_flags_before_our_variables_before_peoples() {
    assert_eq!(username(all_usernames()).as_deref(), Some("input"));
    let mut steps = all_usernames();
    steps.as_action = false;
    assert_eq!(username(steps).as_deref(), Some("flag"), "inputs are read only as the action");
    let without_flag = |mut c: Case| {
        c.flags.clear();
        c.as_action = false;
        c
    };
    assert_eq!(username(without_flag(all_usernames())).as_deref(), Some("ours"));
    let people = without_flag(all_usernames()).variable("WHARFINGER_DOCKERHUB_USERNAME", "");
    assert_eq!(username(people).as_deref(), Some("people"));
    assert_eq!(username(case()), None);
}

#[test]
fn empty_is_absent_wherever_it_stands() {
    let empty = case()
        .started_as_action()
        .variable("INPUT_DOCKERHUB-USERNAME", "")
        .flag("dockerhub-username", "")
        .variable("WHARFINGER_DOCKERHUB_USERNAME", " ")
        .variable("DOCKERHUB_USERNAME", "people");
    assert_eq!(username(empty).as_deref(), Some("people"));
    let settings = KEYS
        .iter()
        .fold(case().started_as_action(), |c, key| c.variable(&key.input_variable(), "").variable(&key.variable(), ""));
    let settings = settings.settings();
    assert_eq!(settings.manifest, "approved-images.yml");
    assert!(settings.github_token.is_none() && !settings.dry_run && settings.shard.is_none());
}

#[test]
fn an_input_has_its_hyphens() {
    let underscore = case().started_as_action().variable("INPUT_DRY_RUN", "true").settings();
    assert!(!underscore.dry_run);
    assert!(case().started_as_action().variable("INPUT_DRY-RUN", "true").settings().dry_run);
}

#[test]
fn secrets_come_from_input_file_variable_and_peoples_variable() {
    let all = || {
        case()
            .file("token", "file\n")
            .file("other", "other-file\r\n")
            .variable("INPUT_DOCKERHUB-TOKEN", "input")
            .variable("WHARFINGER_DOCKERHUB_TOKEN", "ours")
            .variable("WHARFINGER_DOCKERHUB_TOKEN_FILE", "other")
            .variable("DOCKERHUB_TOKEN", "people")
    };
    assert_eq!(token(all().flag("dockerhub-token", "token").started_as_action()).as_deref(), Some("input"));
    assert_eq!(token(all().flag("dockerhub-token", "token")).as_deref(), Some("file"));
    assert_eq!(token(all()).as_deref(), Some("ours"));
    assert_eq!(token(all().variable("WHARFINGER_DOCKERHUB_TOKEN", "")).as_deref(), Some("other-file"));
    let people = all().variable("WHARFINGER_DOCKERHUB_TOKEN", "").variable("WHARFINGER_DOCKERHUB_TOKEN_FILE", "");
    assert_eq!(token(people).as_deref(), Some("people"));
    assert_eq!(token(case()), None);
}

#[test]
fn one_secret_can_come_from_standard_input() {
    let one = || case().stdin("from stdin\n").flag("dockerhub-token", "-");
    assert_eq!(token(one()).as_deref(), Some("from stdin"));
    assert_eq!(token(one().stdin("\n").variable("DOCKERHUB_TOKEN", "x")), None);
    insta::assert_snapshot!(one().flag("github-token", "-").error(),
        @"--github-token-file, --dockerhub-token-file: only one secret can come from standard input");
}

#[test]
fn what_cannot_be_used_is_named_with_where_it_came_from() {
    let errors = [
        case().variable("WHARFINGER_RECORD", "later").error(),
        case().started_as_action().variable("INPUT_MIN-APPROVALS", "-1").error(),
        case().flag("shard", "4/3").error(),
        case().flag("shard", "0/3").error(),
        case().flag("log-level", "3").error(),
        case().variable("WHARFINGER_DRY_RUN", "maybe\u{1b}[31m").error(),
        case().variable("WHARFINGER_FORGE", "gitlab").error(),
        case().flag("dockerhub-token", "missing").error(),
        case().variable("DOCKERHUB_TOKEN", "canary").error(),
        case().variable("WHARFINGER_HOSTS", "docker.io=http://user:canary@127.0.0.1").error(),
        case().variable("WHARFINGER_HOSTS", "docker.io").error(),
        case().flag("ca-certificates", "missing.pem").error(),
        case().file("empty.pem", "nothing").flag("ca-certificates", "empty.pem").error(),
        case().started_as_action().variable("INPUT_CA-CERTIFICATES", "no pem").error(),
        case().variable("GITHUB_API_URL", "file:///etc").error(),
        case().variable("GITHUB_REPOSITORY", "../../x").error(),
        case().flag("manifest", "../approved-images.yml").error(),
        case().variable("WHARFINGER_MANIFEST", "/etc/approved-images.yml").error(),
        case().started_as_action().variable("INPUT_MANIFEST", "teams/../../x.yml").error(),
        case().started_as_action().variable("INPUT_MANIFEST", "./").error(),
        case().flag("timeout", "60").error(),
        case().variable("WHARFINGER_SOURCE_TIMEOUT", "0s").error(),
        case().flag("token-services", "registry.corp=https://login.corp/auth").error(),
        case().variable("WHARFINGER_TOKEN_SERVICES", "registry.corp=https://u:canary@login.corp").error(),
        case().variable("WHARFINGER_TOKEN_SERVICES", "https://login.corp").error(),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_manifest_has_one_name_however_it_is_written() {
    let manifest = |text: &str| case().flag("manifest", text).settings().manifest;
    for text in
        ["a/b.yml", "./a/b.yml", "a//b.yml", "a/./b.yml", "a/c/../b.yml", "a/b.yml/", " a/b.yml\n", ".//a/b.yml/."]
    {
        assert_eq!(manifest(text), "a/b.yml", "{text:?}");
    }
    let case = case();
    let absolute = case.directory.path().join("a/b.yml").display().to_string();
    assert_eq!(case.flag("manifest", &absolute).settings().manifest, "a/b.yml", "below the working directory");
}

#[test]
fn values_are_read() {
    let settings = case()
        .flag("manifest", "images.yml")
        .flag("format", "json")
        .flag("record", "pull-request")
        .flag("min-approvals", "2")
        .flag("shard", "2/4")
        .variable("WHARFINGER_DRY_RUN", "TRUE")
        .settings();
    assert_eq!((settings.manifest.as_str(), settings.format), ("images.yml", Format::Json));
    assert_eq!((settings.record, settings.min_approvals), (RecordMode::PullRequest, 2));
    let shard = settings.shard.unwrap();
    assert_eq!((shard.number, shard.count, settings.dry_run), (2, 4, true));
}

#[test]
fn how_long_is_waited_can_be_said() {
    let waits = |settings: Settings| (settings.timeout.as_secs(), settings.source_timeout.as_secs());
    assert_eq!(waits(case().settings()), (60, 300));
    assert_eq!(
        waits(case().flag("timeout", "90s").variable("WHARFINGER_SOURCE_TIMEOUT", "1h").settings()),
        (90, 3_600)
    );
    let input = case().started_as_action().variable("INPUT_SOURCE-TIMEOUT", "10m").variable("INPUT_TIMEOUT", "2m");
    assert_eq!(waits(input.settings()), (120, 600));
}

#[test]
fn the_forge_is_github_in_actions_or_with_token_and_repository() {
    let forge = |c: Case| c.settings().forge;
    assert_eq!(forge(case()), ForgeChoice::None);
    assert_eq!(forge(case().variable("GITHUB_TOKEN", "t")), ForgeChoice::None);
    let both = || case().variable("GITHUB_TOKEN", "t").variable("GITHUB_REPOSITORY", "acme/images");
    assert_eq!(forge(both()), ForgeChoice::GitHub);
    assert_eq!(forge(both().flag("forge", "git")), ForgeChoice::Git);
    assert_eq!(forge(case().variable("GITHUB_ACTIONS", "true")), ForgeChoice::GitHub);
}

#[test]
fn github_enterprise_server_is_obeyed() {
    let plain = case().settings().github;
    assert_eq!(
        (plain.api_url.as_str(), plain.graphql_url.as_str()),
        ("https://api.github.com/", "https://api.github.com/graphql")
    );
    let server = case().variable("GITHUB_API_URL", "https://github.acme.test/api/v3").settings().github;
    assert_eq!(server.graphql_url.as_str(), "https://github.acme.test/api/graphql");
    let told = case().variable("GITHUB_GRAPHQL_URL", "http://127.0.0.1:1/elsewhere").settings().github;
    assert_eq!(told.graphql_url.as_str(), "http://127.0.0.1:1/elsewhere");
}

#[test]
fn no_secret_is_shown_by_debug() {
    let settings = case().variable("GITHUB_TOKEN", "canary").variable("DOCKERHUB_TOKEN", "canary");
    let settings = settings.variable("DOCKERHUB_USERNAME", "acme").settings();
    assert!(!format!("{settings:?}").contains("canary"));
}
