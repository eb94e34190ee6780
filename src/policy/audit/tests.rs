#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::image::Digest;
use crate::manifest::{File, Permission, Visibility, parse};
use crate::plan::drift::ObservedSettings;
use crate::policy::settings::Area;

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().unwrap()
}

fn manifest(text: &str) -> Manifest {
    let mut text = format!("organization: acme\ndefaults: {{ cooldown: 0s }}\n{text}");
    for letter in "abcdef0123".chars() {
        text = text.replace(&format!("<{letter}>"), digest(letter).as_str());
    }
    parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap()
}

/// A mirror with these tags, each resolving to a digest of one letter, and its children.
fn mirror(tags: &[(&str, char, &str)]) -> Mirror {
    let tagged = |children: &str, letter| Tagged {
        digest: Some(digest(letter)),
        children: children.chars().map(digest).collect(),
    };
    let tags = tags.iter().map(|(name, letter, children)| (name.parse().unwrap(), tagged(children, *letter)));
    Mirror { tags: tags.collect(), children_known: true, settings: None }
}

fn seen(name: &str, mirror: Mirror) -> OrganizationFacts {
    OrganizationFacts { mirrors: [(name.parse().unwrap(), mirror)].into(), ..OrganizationFacts::default() }
}

fn shown(findings: &[Finding]) -> String {
    let short = |text: &str| {
        let text =
            "abcdef0123".chars().fold(text.to_owned(), |text, c| text.replace(digest(c).as_str(), &c.to_string()));
        text.replace(&"a".repeat(64), "A").replace(&"f".repeat(64), "F")
    };
    let line = |f: &Finding| {
        let name = [
            f.repository.as_ref().map(ToString::to_string),
            f.tag.as_ref().map(ToString::to_string),
            f.subject.clone(),
        ];
        let name: Vec<String> = name.into_iter().flatten().collect();
        let place = format!("{}:{}", f.place.line, f.place.column);
        short(&format!(
            "{} {} at {place}: expected {}, found {}\n",
            f.code.as_str(),
            name.join(" "),
            f.expected,
            f.found
        ))
    };
    findings.iter().map(line).collect()
}

const LOKI: &str = "images:
  - source: grafana/loki
    approved:
      - { tag: 1.0.0, digest: <a>, mirrored: <a> }
      - { tag: 1.1.0, digest: <b>, mirrored: <b> }
      - { tag: 1.2.0, digest: <c>, mirrored: <c> }
      - { tag: 1.3.0, digest: <d> }
      - { tag: 1.4.0, digest: <e> }
      - { tag: 1.5.0, digest: <f>, mirrored: <0> }
      - { tag: 1.6.0, digest: <1> }
";

#[test]
fn every_state_of_an_approval_has_its_finding() {
    let manifest = manifest(LOKI);
    let mirror =
        mirror(&[("1.0.0", 'a', ""), ("1.1.0", 'f', ""), ("1.4.0", 'e', ""), ("1.5.0", '0', ""), ("1.6.0", '2', "")]);
    let mut seen = seen("loki", mirror);
    seen.lost = [(manifest.images[0].source.clone(), digest('a'))].into();
    insta::assert_snapshot!(shown(&judge(&manifest, &seen)), @r"
    source-lost loki 1.0.0 at 6:9: expected grafana/loki resolves to a, found upstream no longer has it
    mirror-differs loki 1.1.0 at 7:9: expected b, found f
    missing-tag loki 1.2.0 at 8:9: expected c, found no such tag
    not-promoted loki 1.3.0 at 9:9: expected d, found no such tag
    not-promoted loki 1.4.0 at 10:9: expected e, found e, which is not recorded
    not-promoted loki 1.5.0 at 11:9: expected f, found 0
    mirror-differs loki 1.6.0 at 12:9: expected 1, found 2
    ");
    assert_eq!(judge(&manifest, &OrganizationFacts::default()), [], "of what was not seen nothing is said");
}

#[test]
fn tags_that_nobody_approves_are_told_from_signatures_and_from_what_was_approved_once() {
    let manifest = manifest(
        "images:\n  - source: grafana/loki\n    approved:\n      - { tag: 1.0.0, digest: <a>, mirrored: <a> }\n    revoked:\n      - { tag: 0.9.0, digest: <9>, reason: CVE }\n"
            .replace("<9>", digest('9').as_str())
            .as_str(),
    );
    let stem = |letter: char, suffix: &str| format!("sha256-{}{suffix}", letter.to_string().repeat(64));
    let tags = [
        ("1.0.0", 'a', "b"),
        (&stem('a', ".sig"), 'c', "d"),
        (&stem('b', ""), 'e', ""),
        (&stem('d', ".att"), 'e', ""),
        (&stem('f', ".sig"), 'e', ""),
        ("0.1.0", '0', ""),
        ("0.2.0", '1', ""),
        ("debug", '2', ""),
        ("latest", '9', ""),
    ];
    let mut seen = seen("loki", mirror(&tags));
    let open: Vec<String> = unexplained(&manifest, &seen).into_iter().map(|key| key.tag.to_string()).collect();
    assert_eq!(open, ["0.1.0", "0.2.0", "debug", "latest", &stem('f', ".sig")]);
    let once = [("0.1.0", '0'), ("0.2.0", 'f')].map(|(tag, letter)| (tag.parse().unwrap(), [digest(letter)].into()));
    seen.history = [("loki".parse().unwrap(), super::facts::Once { tags: once.into() })].into();
    insta::assert_snapshot!(shown(&judge(&manifest, &seen)), @r"
    retired-tag loki 0.1.0 at 4:5: expected no such tag, found 0
    unapproved-tag loki 0.2.0 at 4:5: expected no such tag, found 1, which was never approved under this tag
    unapproved-tag loki debug at 4:5: expected no such tag, found 2
    unapproved-tag loki latest at 4:5: expected no such tag, found sha256:9999999999999999999999999999999999999999999999999999999999999999, which is revoked
    retired-tag loki sha256-F.sig at 4:5: expected no such tag, found e
    ");
    let mut elsewhere = seen;
    elsewhere.mirrors.values_mut().for_each(|mirror| mirror.children_known = false);
    assert!(!shown(&judge(&manifest, &elsewhere)).contains(".sig"), "whose signatures they are cannot be told");
}

#[test]
fn revoked_tags_are_drift_where_they_are_wanted_gone() {
    let manifest = manifest(
        "images:\n  - source: grafana/loki\n    approved:\n      - { tag: 1.0.0, digest: <a>, mirrored: <a> }\n      - { tag: 2.0.0, digest: <c>, mirrored: <c> }\n    revoked:\n      - { tag: 0.1.0, digest: <b>, reason: CVE-1, delete: true }\n      - { tag: 0.2.0, digest: <c>, reason: CVE-2 }\n      - { tag: 0.3.0, digest: <d>, reason: CVE-3 }\n      - { tag: 0.4.0, digest: <e>, reason: CVE-4, delete: true }\n      - { tag: 1.0.0, digest: <f>, reason: CVE-5, delete: true }\n",
    );
    let tags = [("0.1.0", 'b', ""), ("0.2.0", 'c', ""), ("0.3.0", '0', ""), ("1.0.0", 'a', ""), ("2.0.0", 'c', "")];
    insta::assert_snapshot!(shown(&judge(&manifest, &seen("loki", mirror(&tags)))), @r"
    revoked-tag loki 0.1.0 at 9:9: expected no such bytes: revoked, CVE-1, found b
    revoked-kept loki 0.2.0 at 10:9: expected no such bytes: revoked, CVE-2, found c
    unapproved-tag loki 0.3.0 at 4:5: expected no such tag, found 0
    revoked-kept loki 2.0.0 at 7:9: expected no such bytes: revoked, CVE-2, found c
    ");
    let rebuilt = seen("loki", mirror(&[("1.0.0", 'f', ""), ("2.0.0", '0', "")]));
    insta::assert_snapshot!(shown(&judge(&manifest, &rebuilt)), @r"
    mirror-differs loki 1.0.0 at 6:9: expected a, found f
    revoked-tag loki 1.0.0 at 13:9: expected no such bytes: revoked, CVE-5, found f
    mirror-differs loki 2.0.0 at 7:9: expected no such bytes: revoked, CVE-2, found 0
    ");
}

#[test]
fn of_chosen_platforms_the_mirrors_document_tells() {
    let manifest = manifest(
        "images:\n  - source: redis\n    platforms: [linux/amd64]\n    approved:\n      - { tag: 1.0.0, digest: <a>, mirrored: <b> }\n      - { tag: 1.1.0, digest: <c>, mirrored: <d> }\n      - { tag: 1.2.0, digest: <e>, mirrored: <f> }\n",
    );
    let mut seen = seen("redis", mirror(&[("1.0.0", 'b', ""), ("1.1.0", 'd', ""), ("1.2.0", 'f', "")]));
    let key = |tag: &str| Key { repository: "redis".parse().unwrap(), tag: tag.parse().unwrap() };
    seen.expected = [(key("1.0.0"), Some(digest('b'))), (key("1.1.0"), None)].into();
    insta::assert_snapshot!(shown(&judge(&manifest, &seen)), @r"
    not-promoted redis 1.1.0 at 8:9: expected linux/amd64 of c, found d
    ");
}

#[test]
fn settings_of_repositories_and_of_the_organization_and_the_allowlist() {
    let manifest = manifest(
        "policy:\n  image-access: { enabled: true, community: restricted, allowlist: [grafana/loki, redis] }\nimages:\n  - source: grafana/loki\n    teams: { developers: read }\n    approved:\n      - { tag: 1.0.0, digest: <a>, mirrored: <a> }\n  - source: redis\n",
    );
    let mut mirror = mirror(&[("1.0.0", 'a', "")]);
    mirror.settings = Some(ObservedSettings {
        visibility: Some(Visibility::Public),
        teams: Some([("interns".to_owned(), Permission::Write)].into()),
        ..ObservedSettings::default()
    });
    let mut seen = seen("loki", mirror);
    let observed = serde_json::json!({"restricted_images": {"enabled": false}}).into();
    seen.settings = crate::policy::settings::compare(&manifest.policy, Area::ImageAccess, &observed).unwrap().rows;
    insta::assert_snapshot!(shown(&judge(&manifest, &seen)), @r"
    image-access image-access.enabled at 1:1: expected enabled: true, found false
    unknown image-access.allowlist at 1:1: expected image-access.allowlist: grafana/loki, redis, found not shown by Docker Hub's API
    unknown image-access.community at 1:1: expected image-access.community: restricted, found not shown by Docker Hub's API
    visibility loki at 6:5: expected private, found public
    team loki developers at 6:5: expected developers: read, found developers: no grant
    extra-team loki interns at 6:5: expected interns: no grant, found interns: write
    allowlisted-source loki docker.io/grafana/loki at 6:5: expected only approved versions, found the allowlist allows every tag of docker.io/grafana/loki
    ");
}
