//! Docker Hub's API client against a stateful stand-in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use wharfinger::internals::apply::repository;
use wharfinger::internals::hub::{Created, Credential, Derived, Error, Hub, ImmutableTags, NewRepository, RETRY};
use wharfinger::internals::image::{Digest, RepositoryName};
use wharfinger::internals::manifest::{Permission, Team, Visibility};
use wharfinger::internals::net::retry::Policy;
use wharfinger::internals::plan::RepositoryStep;

use super::registry_auth::later;
use crate::support::http::{Action, Rule, block_on, client};
use crate::support::hub::{Account, HubRepositoryEntry, TestHub};
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, TestRegistry};

const SECRET: &str = "dckr_pat_canary";

fn owner() -> TestHub {
    TestHub::start(vec![Account::personal("jo", SECRET, &["acme"])])
}

fn organization_token(scopes: &[&str]) -> TestHub {
    TestHub::start(vec![Account::organization("acme", SECRET, scopes)])
}

fn signed_in(hub: &TestHub, identifier: &str, secret: &str) -> Hub {
    hub_telling(hub, identifier, secret, None)
}

/// The API, which tells `derived` of tokens.
fn hub_telling(hub: &TestHub, identifier: &str, secret: &str, derived: Option<Derived>) -> Hub {
    let (identifier, secret) = (identifier.to_owned(), SecretString::from(secret));
    let credential = (!identifier.is_empty()).then_some(Credential { identifier, secret });
    Hub::new(client(), hub.url().parse().unwrap(), credential, derived).with_retry(Policy {
        first: Duration::from_millis(1),
        longest: Duration::from_secs(1),
        ..RETRY
    })
}

fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

fn loki() -> NewRepository {
    NewRepository {
        name: name("loki"),
        visibility: Visibility::Private,
        description: format!("Log aggregation, {}", "very ".repeat(30)),
        full_description: "Mirrored from docker.io/grafana/loki.\n\nApproved by pull request.".to_owned(),
    }
}

/// The log, with tokens' exchanges, as `METHOD path status`.
fn lines(hub: &TestHub) -> Vec<String> {
    hub.server().lines()
}

#[test]
fn one_token_serves_all_tasks_and_is_renewed_when_it_is_no_longer_taken() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let for_hub = Arc::clone(&seen);
    let derived = Arc::new(move |token: &SecretString| {
        for_hub.lock().unwrap().push(token.expose_secret().to_owned());
    });
    let api = hub_telling(&hub, "jo", SECRET, Some(derived));
    let name = name("loki");
    block_on(async {
        let all = futures_util::future::join_all((0..20).map(|_| api.repository("acme", &name))).await;
        assert!(all.iter().all(|found| found.as_ref().unwrap().is_some()));
        hub.expire_tokens();
        let all = futures_util::future::join_all((0..20).map(|_| api.repository("acme", &name))).await;
        assert!(all.iter().all(Result::is_ok));
    });
    let exchanges = lines(&hub).iter().filter(|line| *line == "POST /v2/auth/token 200").count();
    assert_eq!(exchanges, 2);
    assert_eq!(*seen.lock().unwrap(), ["hub-token-1", "hub-token-2"], "each is told before it is used");
    hub.check_traffic();
}

#[test]
fn a_token_is_renewed_a_minute_before_its_ten_minutes_end() {
    let hub = owner();
    let api = signed_in(&hub, "jo", SECRET);
    let exchanges = || lines(&hub).iter().filter(|line| *line == "POST /v2/auth/token 200").count();
    block_on(async {
        for (seconds, asked) in [(0, 1), (530, 1), (20, 2), (400, 2), (200, 3)] {
            later(seconds).await;
            api.repository("acme", &name("loki")).await.unwrap();
            assert_eq!(exchanges(), asked, "{seconds} s later");
        }
    });
    assert!(lines(&hub).iter().all(|line| !line.ends_with(" 401")), "{:?}", lines(&hub));
}

#[test]
fn a_wrong_credential_is_tried_once_and_its_error_holds_no_secret() {
    let hub = owner();
    let api = signed_in(&hub, "jo", "wrong-canary");
    let name = name("loki");
    let errors = block_on(async {
        let first = api.repository("acme", &name).await.unwrap_err();
        let second = api.create("acme", &loki()).await.unwrap_err();
        let tag = api.tag(&"docker.io/acme/loki".parse().unwrap(), &"1".parse().unwrap()).await.unwrap_err();
        [first, second, tag]
    });
    assert!(errors.iter().all(|error| matches!(error, Error::SignIn { .. }) && *error == errors[0]));
    assert!(!format!("{errors:?}").contains("canary"));
    insta::assert_snapshot!(errors[0], @"Docker Hub refused signing in as jo: Incorrect authentication credentials; use the user name with a password or personal access token, the organization's name with an organization access token, and check that the token has not expired or been revoked");
    assert_eq!(lines(&hub), ["POST /v2/auth/token 401"]);
    hub.check_traffic();
}

#[test]
fn repositories_are_created_as_asked_and_read_back() {
    let hub = owner();
    let api = signed_in(&hub, "jo", SECRET);
    block_on(async {
        assert_eq!(api.repository("acme", &name("loki")).await.unwrap(), None);
        assert_eq!(api.create("acme", &loki()).await.unwrap(), Created::Now);
        let found = api.repository("acme", &name("loki")).await.unwrap().unwrap();
        assert_eq!(found.visibility, Visibility::Private);
        assert_eq!(found.description.chars().count(), 97);
        assert!(found.description.ends_with(" very…"), "{}", found.description);
        assert_eq!(api.create("acme", &loki()).await.unwrap(), Created::Before(found));
        assert_eq!(signed_in(&hub, "", "").repository("acme", &name("loki")).await.unwrap(), None, "private is hidden");
        let error = api.create("acme", &NewRepository { name: name("team/loki"), ..loki() }).await.unwrap_err();
        assert!(error.to_string().contains("`team/loki` is not a valid repository name"), "{error}");
    });
    let made = hub.repository("acme", "loki").unwrap();
    assert!(made.is_private && !made.created_by_push);
    assert!(made.full_description.starts_with("Mirrored from"));
    assert_eq!(
        hub.writes(),
        ["POST /v2/namespaces/acme/repositories 201", "POST /v2/namespaces/acme/repositories 400"]
    );
    hub.check_traffic();
}

#[test]
fn a_creation_whose_answer_was_lost_is_recognised_by_reading() {
    let hub = owner();
    hub.lose_answer("POST", "/repositories$");
    let api = signed_in(&hub, "jo", SECRET);
    let created = block_on(api.create("acme", &loki())).unwrap();
    assert!(matches!(created, Created::Before(found) if found.full_description == loki().full_description));
    assert_eq!(
        lines(&hub),
        [
            "POST /v2/auth/token 200",
            "POST /v2/namespaces/acme/repositories -",
            "GET /v2/namespaces/acme/repositories/loki 200",
        ]
    );
    hub.check_traffic();
}

#[test]
fn a_creation_that_came_to_nothing_is_tried_once_more_after_reading() {
    let hub = owner();
    hub.server().fault(Rule::new("POST", "/repositories$", Action::Answer(500, vec![], "{}".into())).times(1));
    let api = signed_in(&hub, "jo", SECRET);
    assert_eq!(block_on(api.create("acme", &loki())).unwrap(), Created::Now);
    assert_eq!(hub.writes().len(), 2);
    let hub = owner();
    hub.server().fault(Rule::new("POST", "/repositories$", Action::Reset));
    let api = signed_in(&hub, "jo", SECRET);
    assert!(matches!(block_on(api.create("acme", &loki())), Err(Error::Unreachable(_))));
    assert_eq!(hub.writes().len(), 2, "never a third time");
    assert_eq!(hub.repositories("acme"), Vec::<String>::new());
    hub.check_traffic();
}

#[test]
fn an_existing_repository_that_cannot_be_read_is_an_error() {
    let hub = TestHub::start(vec![Account::organization("acme", SECRET, &["scope-repository-create"])]);
    hub.add_repository("acme", "loki", HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() });
    let error = block_on(signed_in(&hub, "acme", SECRET).create("acme", &loki())).unwrap_err();
    insta::assert_snapshot!(error, @"Docker Hub refused reading the repository acme/loki: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repository-read (under Repository, for this repository or all of them)");
    hub.check_traffic();
}

#[test]
fn refusals_name_the_scope_or_role_that_is_missing_and_no_other() {
    let refused = |hub: &TestHub, identifier: &str| {
        let api = signed_in(hub, identifier, SECRET);
        let loki_name = name("loki");
        let errors = block_on(async {
            [
                api.create("acme", &NewRepository { name: name("new"), ..loki() }).await.unwrap_err(),
                api.grant("acme", &loki_name, "developers", Permission::Read, false).await.unwrap_err(),
                api.describe("acme", &loki_name, "Logs").await.unwrap_err(),
                api.set_visibility("acme", &loki_name, Visibility::Public).await.unwrap_err(),
                api.set_immutable_tags("acme", &loki_name, &ImmutableTags::default()).await.unwrap_err(),
            ]
        });
        assert!(errors.iter().all(|error| matches!(error, Error::Refused { .. })), "{errors:#?}");
        hub.check_traffic();
        errors.map(|error| error.to_string()).join("\n")
    };
    let with_loki = |hub: TestHub| {
        hub.add_repository("acme", "loki", HubRepositoryEntry::default());
        hub.add_team("acme", "developers");
        hub
    };
    let organization = with_loki(organization_token(&["scope-image-push", "scope-group-read"]));
    insta::assert_snapshot!(refused(&organization, "acme"), @r"
    Docker Hub refused creating the repository acme/new: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repository-create (under Organization)
    Docker Hub refused granting developers read on acme/loki: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repo-group-edit (under Repository, for this repository or all of them)
    Docker Hub refused describing acme/loki: token issued from organization access token is not allowed; Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
    Docker Hub refused changing the visibility of acme/loki: token issued from organization access token is not allowed; Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
    Docker Hub refused making tags of acme/loki immutable: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repository-settings-admin (under Repository, for this repository or all of them)
    ");
    let member = with_loki(TestHub::start(vec![
        Account::personal("jo", SECRET, &["elsewhere"]),
        Account::personal("boss", "other", &["acme"]),
    ]));
    insta::assert_snapshot!(refused(&member, "jo"), @r"
    Docker Hub refused creating the repository acme/new: access to the resource is forbidden with the current token; jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete
    Docker Hub refused listing the teams of acme: access to the resource is forbidden with the current token; jo must be an owner or editor of acme, and the personal access token needs Read
    Docker Hub refused describing acme/loki: access to the resource is forbidden with the current token; jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete
    Docker Hub refused changing the visibility of acme/loki: access to the resource is forbidden with the current token; jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete
    Docker Hub refused making tags of acme/loki immutable: access to the resource is forbidden with the current token; jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete
    ");
    insta::assert_snapshot!(refused(&with_loki(owner()), ""), @r"
    Docker Hub refused creating the repository acme/new: authentication required; no Docker Hub credential was given
    Docker Hub refused listing the teams of acme: authentication required; no Docker Hub credential was given
    Docker Hub refused describing acme/loki: authentication required; no Docker Hub credential was given
    Docker Hub refused changing the visibility of acme/loki: authentication required; no Docker Hub credential was given
    Docker Hub refused making tags of acme/loki immutable: authentication required; no Docker Hub credential was given
    ");
}

#[test]
fn an_organization_token_with_the_scopes_does_the_whole_preparation() {
    let hub = organization_token(&[
        "scope-repository-create",
        "scope-repository-read",
        "scope-repo-group-edit",
        "scope-group-read",
        "scope-repository-settings-admin",
    ]);
    hub.add_team("acme", "developers");
    let api = signed_in(&hub, "acme", SECRET);
    let immutable = ImmutableTags { enabled: true, rules: vec!["^[0-9].*$".to_owned()] };
    block_on(async {
        assert_eq!(api.create("acme", &loki()).await.unwrap(), Created::Now);
        api.grant("acme", &name("loki"), "developers", Permission::Read, false).await.unwrap();
        api.set_immutable_tags("acme", &name("loki"), &immutable).await.unwrap();
        assert_eq!(api.repository("acme", &name("loki")).await.unwrap().unwrap().immutable_tags, immutable);
    });
    let made = hub.repository("acme", "loki").unwrap();
    assert_eq!(made.grants["developers"], "read");
    assert_eq!(made.immutable_tags, Some(immutable.rules));
    hub.check_traffic();
}

#[test]
fn grants_are_made_raised_and_left_alone_where_they_are_right() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() });
    for number in 0..230 {
        hub.add_team("acme", &format!("team-{number}"));
    }
    let api = signed_in(&hub, "jo", SECRET);
    let loki = name("loki");
    block_on(async {
        assert!(api.grant("acme", &loki, "team-229", Permission::Read, false).await.unwrap());
        assert!(api.grant("acme", &loki, "team-229", Permission::Write, false).await.unwrap());
        assert!(api.grant("acme", &loki, "made", Permission::Admin, true).await.unwrap());
        let grants = api.grants("acme", &loki).await.unwrap().unwrap();
        let grants: Vec<_> = grants.iter().map(|g| (g.team.name.as_str(), g.permission)).collect();
        assert_eq!(grants, [("made", Permission::Admin), ("team-229", Permission::Write)]);
        assert_eq!(api.grants("acme", &name("none")).await.unwrap(), None);
    });
    assert_eq!(
        hub.writes(),
        [
            "POST /v2/repositories/acme/loki/groups 200",
            "PATCH /v2/repositories/acme/loki/groups/1229 200",
            "POST /v2/orgs/acme/groups 201",
            "POST /v2/repositories/acme/loki/groups 200",
        ]
    );
    hub.server().clear_log();
    let again = signed_in(&hub, "jo", SECRET);
    assert!(!block_on(again.grant("acme", &loki, "made", Permission::Admin, true)).unwrap());
    assert_eq!(hub.writes(), Vec::<String>::new(), "a second run writes nothing");
    let lists = lines(&hub).iter().filter(|line| line.starts_with("GET /v2/orgs/acme/groups?")).count();
    assert_eq!(lists, 3, "pages are asked for by number, never by the address in the answer");
    hub.check_traffic();
}

#[test]
fn a_missing_team_is_an_error_that_lists_the_teams_there_are() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    let api = signed_in(&hub, "jo", SECRET);
    let error = block_on(api.grant("acme", &name("loki"), "developer", Permission::Read, false)).unwrap_err();
    insta::assert_snapshot!(error, @"acme has no team `developer` on Docker Hub; the credential can see no teams there");
    hub.add_team("acme", "platform");
    hub.add_team("acme", "developers");
    let api = signed_in(&hub, "jo", SECRET);
    let error = block_on(api.grant("acme", &name("loki"), "developer", Permission::Read, false)).unwrap_err();
    insta::assert_snapshot!(error, @"acme has no team `developer` on Docker Hub; did you mean `developers`?");
    assert!(matches!(error, Error::NoTeam { known, .. } if known == ["developers", "platform"]));
    hub.check_traffic();
}

#[test]
fn lost_answers_of_teams_and_grants_are_recognised_by_reading() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    hub.lose_answer("POST", "/v2/orgs/acme/groups$");
    hub.lose_answer("POST", "/loki/groups$");
    let api = signed_in(&hub, "jo", SECRET);
    block_on(api.grant("acme", &name("loki"), "developers", Permission::Write, true)).unwrap();
    assert_eq!(hub.teams("acme"), ["developers"]);
    assert_eq!(hub.repository("acme", "loki").unwrap().grants["developers"], "write");
    assert_eq!(hub.writes(), ["POST /v2/orgs/acme/groups -", "POST /v2/repositories/acme/loki/groups -"]);
    hub.check_traffic();
}

#[test]
fn descriptions_and_visibility_are_fixed() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    let api = signed_in(&hub, "jo", SECRET);
    block_on(async {
        api.describe("acme", &name("loki"), "Log\naggregation").await.unwrap();
        api.set_visibility("acme", &name("loki"), Visibility::Private).await.unwrap();
        assert!(matches!(api.describe("acme", &name("none"), "x").await, Err(Error::Unusable(_))));
    });
    let fixed = hub.repository("acme", "loki").unwrap();
    assert_eq!((fixed.description.as_str(), fixed.is_private), ("Log aggregation", true));
    hub.check_traffic();
}

#[test]
fn tags_tell_their_digest_and_push_time() {
    let hub = TestHub::start(vec![Account::organization("acme", SECRET, &["scope-tag-read"])]);
    let digest = Digest::sha256(b"redis");
    hub.set_tag("library", "redis", "7.2.1", &digest, "2026-11-20T10:44:45.459826Z");
    let redis = "redis".parse().unwrap();
    block_on(async {
        for api in [signed_in(&hub, "", ""), signed_in(&hub, "acme", SECRET)] {
            let found = api.tag(&redis, &"7.2.1".parse().unwrap()).await.unwrap().unwrap();
            assert_eq!(found.digest.as_ref(), Some(&digest));
            assert_eq!(found.last_pushed.unwrap().to_rfc3339(), "2026-11-20T10:44:45.459826+00:00");
            assert_eq!(api.tag(&redis, &"7.2.2".parse().unwrap()).await.unwrap(), None);
            assert_eq!(api.tag(&"acme/none".parse().unwrap(), &"1".parse().unwrap()).await.unwrap(), None);
        }
        let nested = signed_in(&hub, "", "").tag(&"docker.io/a/b/c".parse().unwrap(), &"1".parse().unwrap()).await;
        assert!(matches!(nested, Err(Error::Unusable(_))));
    });
    // A token that is limited to its own organization does not hide what everybody may read.
    hub.server()
        .fault(Rule::new("GET", "/library/repositories/redis/", Action::Answer(403, vec![], "{}".into())).times(1));
    let api = signed_in(&hub, "acme", SECRET);
    assert!(block_on(api.tag(&redis, &"7.2.1".parse().unwrap())).unwrap().is_some());
    assert_eq!(hub.log().last().unwrap().authorization(), None);
    hub.check_traffic();
}

#[test]
fn handles_of_one_client_share_the_token_and_what_a_rate_limit_said() {
    let hub = owner();
    hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    let api = signed_in(&hub, "jo", SECRET);
    let patient = api.clone().with_retry(Policy { tries: 1, longest: Duration::from_secs(200), ..RETRY });
    let (loki, tag) = ("docker.io/acme/loki".parse().unwrap(), "1".parse().unwrap());
    block_on(async {
        for handle in [&api, &patient, &api.anonymous()] {
            assert_eq!(handle.tag(&loki, &tag).await, Ok(None));
        }
        let path = "/v2/namespaces/acme/repositories/loki/tags/1";
        assert_eq!(
            lines(&hub),
            [
                "POST /v2/auth/token 200".to_owned(),
                format!("GET {path} 404"),
                format!("GET {path} 404"),
                format!("GET {path} 404")
            ]
        );
        assert_eq!(hub.log().last().unwrap().authorization(), None);
        hub.server().clear_log();
        hub.limit(1, &[("retry-after", "100")]);
        for handle in [&patient.anonymous(), &api, &api.anonymous()] {
            assert!(matches!(handle.tag(&loki, &tag).await, Err(Error::RateLimited(_))));
        }
        assert_eq!(lines(&hub), [format!("GET {path} 429")], "it is left alone");
    });
}

#[test]
fn limits_are_waited_for_and_long_ones_are_errors_at_once() {
    let hub = owner();
    let repository = |hub: &TestHub| block_on(signed_in(hub, "jo", SECRET).repository("acme", &name("loki")));
    hub.limit(3, &[("retry-after", "0")]);
    assert_eq!(repository(&hub), Ok(None));
    hub.limit(1, &[("x-retry-after", "1")]);
    assert_eq!(repository(&hub), Ok(None), "that time is long past");
    hub.server().clear_faults();
    hub.server().clear_log();
    hub.limit(1, &[("retry-after", "3600")]);
    let error = repository(&hub).unwrap_err();
    assert_eq!(error, Error::RateLimited("Rate limit exceeded (wait 3600 s)".to_owned()));
    assert_eq!(lines(&hub), ["POST /v2/auth/token 429"]);
    hub.limit(4, &[]);
    assert!(matches!(repository(&hub), Err(Error::RateLimited(_))), "four tries");
    hub.check_traffic();
}

#[test]
fn a_creation_is_repeated_after_a_limit_because_nothing_was_done() {
    let hub = owner();
    let limited = Action::Answer(429, vec![("retry-after".into(), "0".into())], "".into());
    hub.server().fault(Rule::new("POST", "/repositories$", limited).times(2));
    assert_eq!(block_on(signed_in(&hub, "jo", SECRET).create("acme", &loki())).unwrap(), Created::Now);
    assert_eq!(lines(&hub).iter().filter(|line| line.starts_with("GET")).count(), 0);
    hub.check_traffic();
}

#[test]
fn reads_survive_passing_faults_and_absence_is_never_a_fault() {
    let hub = owner();
    let get = |hub: &TestHub| block_on(signed_in(hub, "jo", SECRET).repository("acme", &name("loki")));
    hub.server().fault(Rule::new("GET", "loki", Action::Answer(503, vec![], "busy".into())).times(2));
    assert_eq!(get(&hub), Ok(None));
    hub.server().fault(Rule::new("GET", "loki", Action::Reset).times(1));
    assert_eq!(get(&hub), Ok(None));
    hub.server().fault(Rule::new("GET", "loki", Action::Reset));
    assert!(matches!(get(&hub), Err(Error::Unreachable(_))));
    let faults = [
        Action::Answer(503, vec![], "busy".into()),
        Action::Answer(200, vec![], "<html>sign in</html>".into()),
        Action::Answer(200, vec![], vec![b' '; 9 << 20].into()),
        Action::Answer(302, vec![("location".into(), "/elsewhere".into())], "".into()),
        Action::Answer(400, vec![], "{\"detail\":\"bad\\n::error::x\"}".into()),
    ];
    let texts = faults.map(|fault| {
        hub.server().clear_faults();
        hub.server().fault(Rule::new("GET", "loki", fault));
        get(&hub).unwrap_err().to_string()
    });
    insta::assert_snapshot!(texts.join("\n"), @r"
    Docker Hub gave no answer: server error 503: busy
    Docker Hub: the response to reading the repository acme/loki does not match its API: expected value at line 1 column 1
    Docker Hub: a response of more than 8388608 bytes
    Docker Hub: returned 302 for reading the repository acme/loki: no message
    Docker Hub: returned 400 for reading the repository acme/loki: bad ::error::x
    ");
    hub.server().clear_faults();
    hub.server().fault(Rule::new("POST", "/auth/token", Action::Answer(200, vec![], "{\"token\":\"canary\"}".into())));
    assert_eq!(get(&hub).unwrap_err().to_string(), "Docker Hub: the response to signing in contains no token");
    hub.check_traffic();
}

#[test]
fn nothing_is_made_ready_where_a_repository_came_to_be_meanwhile() {
    let hub = owner();
    hub.add_team("acme", "developers");
    let team = Team { permission: Permission::Read, create: false };
    let step = RepositoryStep {
        name: name("loki"),
        create: true,
        adoption: None,
        grant: true,
        visibility: Visibility::Private,
        description: "Log aggregation".to_owned(),
        full_description: "# loki\n\nKept by Wharfinger: acme/images, approved-images.yml\n".to_owned(),
        teams: [("developers".to_owned(), team)].into(),
        immutable_tags: ImmutableTags::default(),
        fixes: Vec::new(),
        left: Vec::new(),
        detail: String::new(),
    };
    let api = signed_in(&hub, "jo", SECRET);
    let ensure = |step: &RepositoryStep| block_on(repository::ensure(&api, "acme", step));
    hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    insta::assert_snapshot!(ensure(&step).unwrap_err(), @"acme/loki was created in the meantime and does not have our mark: it is left untouched; the next run says what can be done");
    let ours = HubRepositoryEntry { full_description: step.full_description.clone(), ..HubRepositoryEntry::default() };
    hub.add_repository("acme", "loki", ours);
    insta::assert_snapshot!(ensure(&step).unwrap_err(), @"Docker Hub: acme/loki was created in the meantime and is public, although the manifest says private: make it private on Docker Hub, then run again");
    assert!(hub.repository("acme", "loki").unwrap().grants.is_empty());
    let fresh = RepositoryStep { name: name("tempo"), ..step };
    assert_eq!(ensure(&fresh), Ok(true));
    assert_eq!(ensure(&fresh), Ok(false), "what is there and granted is not written again");
    let made = hub.repository("acme", "tempo").unwrap();
    assert_eq!((made.is_private, made.grants["developers"].as_str()), (true, "read"));
    hub.check_traffic();
}

#[test]
fn a_push_to_what_does_not_exist_makes_it_public_so_creation_comes_first() {
    let hub = owner();
    let registry = TestRegistry::start();
    registry.set(|switches| switches.auth = Auth::Basic);
    hub.link(&registry);
    let image = ImageSpec::new(1).build();
    let push = |repository: &str| block_on(image.push(&registry.url(), repository, "1.0", Some(("jo", SECRET))));
    push("acme/careless");
    block_on(signed_in(&hub, "jo", SECRET).create("acme", &loki())).unwrap();
    push("acme/loki");
    let careless = hub.repository("acme", "careless").unwrap();
    assert!(!careless.is_private && careless.created_by_push);
    let loki = hub.repository("acme", "loki").unwrap();
    assert!(loki.is_private && !loki.created_by_push);
    assert_eq!(loki.tags["1.0"].digest, Some(image.digest().to_string()));
    let head = |repository: &str, basic: Option<&str>| {
        block_on(async {
            let request = client().head(format!("{}/v2/{repository}/manifests/1.0", registry.url()));
            let request = basic.into_iter().fold(request, |request, name| request.basic_auth(name, Some(SECRET)));
            request.send().await.unwrap().status().as_u16()
        })
    };
    assert_eq!([head("acme/careless", None), head("acme/loki", None), head("acme/loki", Some("jo"))], [200, 401, 200]);
    hub.check_traffic();
}
