//! What titles, rows and messages say.

use super::*;

#[test]
fn every_place_calls_a_change_by_the_same_words() {
    use crate::rules::Follow::{All, EachMinor, Latest};
    let cases = [
        (Latest, &[][..], "3.1.0"),
        (EachMinor, &["3.1.0"], "3.1.1"),
        (EachMinor, &["3.1.0"], "3.2.0"),
        (EachMinor, &["3.1.0"], "v4.0.0"),
        (EachMinor, &["3.1.0"], "3.0.0"),
        (EachMinor, &["3.1.4", "3.2.0"], "3.1.2"),
        (All, &["3.1.0", "3.3.0"], "3.2.0"),
        (All, &["3.1.0"], "3.0.0"),
        (Latest, &["3.1.0"], "3.0.9"),
        (Latest, &["3.1.0"], "2.9.4"),
        (Latest, &["3.1.0"], "3.1.0-rc.1"),
        (Latest, &["20240601"], "20240501"),
        (Latest, &["3.1.0"], "stable"),
        (Latest, &["testing-1a2b3c4d"], "3.1.0"),
        (Latest, &["3.1.0"], "v3.1.0"),
    ];
    let mut table = String::new();
    for (follow, approved, tag) in cases {
        let manifest = lines_of(follow, approved);
        let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some(tag))])]).remove(0);
        let account = Account::of(&manifest, &wanted.items[0], None);
        let [title, change, codes] = [
            title(&manifest, &wanted),
            account.change(|text| format!("**{text}**")),
            account.marks().iter().map(|mark| format!("{mark:?}")).collect::<Vec<_>>().join(" "),
        ];
        let version = phrases::version(&account).unwrap_or_default();
        let _ = writeln!(table, "{follow:?} {approved:?}\n    {title}\n    {change}\n    {version}\n    {codes}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nothing_is_said_to_be_created_that_exists() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
    let merging = |at_mirror: AtMirror| {
        let evidence = Evidence { at_mirror, platforms: Vec::new(), ..evidence() };
        Account::of(&manifest, &wanted.items[0], Some(&evidence)).merging(crate::text::excerpt)
    };
    let changes = vec!["public becomes private".to_owned(), "developers: no grant becomes developers: read".to_owned()];
    let said = [
        AtMirror::Unknown,
        AtMirror::Absent,
        AtMirror::Ours,
        AtMirror::NotOurs,
        AtMirror::TakenOver(changes),
        AtMirror::TakenOver(Vec::new()),
    ];
    insta::assert_snapshot!(said.map(merging).join("\n"), @r"
    unless it exists, creates acme/loki, private, developers: read; copies the image to acme/loki:3.1.0
    creates acme/loki, private, developers: read; copies the image to acme/loki:3.1.0
    copies the image to acme/loki:3.1.0
    acme/loki already exists and is not ours: it is left untouched, and this is not promoted, unless adopt: true is set on the image; then it copies the image to acme/loki:3.1.0
    takes over acme/loki, which exists and was not ours (public becomes private; developers: no grant becomes developers: read); copies the image to acme/loki:3.1.0
    takes over acme/loki, which exists and was not ours (its settings do not change); copies the image to acme/loki:3.1.0
    ");
}

#[test]
fn templates_and_sign_off() {
    let mut manifest = manifest(&["grafana/loki"]);
    manifest.proposals.title = Some("chore(images): {title} [{kind}] {unknown} {".to_owned());
    manifest.proposals.commit_message = Some("feat({repository}): {from}->{to}\n\nSECURITY-1\n".to_owned());
    manifest.proposals.sign_off = Some("Images <images@example.com>".to_owned());
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])]).remove(0);
    let (headline, message) = message(&manifest, &wanted);
    insta::assert_snapshot!(format!("{}\n--\n{headline}\n\n{message}", title(&manifest, &wanted)), @r"
    chore(images): Approve grafana/loki 3.1.0 (after 3.0.0) [update] {unknown} {
    --
    feat(loki): 3.0.0->3.1.0

    SECURITY-1

    grafana/loki minor update: 3.0.0 -> 3.1.0 sha256:84e4509524fd99960badbac55254afcea330d7a10eabd6a5f1dcb45fc38c3f40

    Signed-off-by: Images <images@example.com>
    ");
}

/// Checks that the meaning of the manifest's policy for an image is stated and marked.
#[test]
fn what_the_policy_means_is_said() {
    let policy = |enabled| {
        let registry = crate::manifest::AllowedRegistry { address: "ghcr.io".to_owned(), name: "GitHub".to_owned() };
        crate::manifest::Policy {
            image_access: Some(crate::manifest::ImageAccess {
                enabled,
                official: Some(true),
                verified_publisher: Some(false),
                community: None,
                allowlist: Some(vec!["bitnami/kubectl".to_owned()]),
            }),
            registry_access: Some(crate::manifest::RegistryAccess {
                enabled,
                docker_hub: Some(true),
                registries: Some(vec![registry]),
            }),
            approvals: 0,
        }
    };
    let search = |category| Standing::Category(category, Told::Search);
    let sources = [
        ("acme/tool", Standing::default()),
        ("redis", Standing::default()),
        ("grafana/loki", search(Category::VerifiedPublisher)),
        ("prom/node-exporter", search(Category::Sponsored)),
        ("somebody/thing", search(Category::Community)),
        ("bitnami/kubectl", search(Category::VerifiedPublisher)),
        ("somebody/else", Standing::Unknown("hub.docker.com: no answer".to_owned())),
        ("ghcr.io/acme/tool", Standing::default()),
        ("quay.io/prom/node", Standing::default()),
        ("oci:images", Standing::default()),
    ];
    let mut text = String::new();
    for (name, policy) in [("on", policy(Some(true))), ("off", policy(Some(false))), ("unsaid", policy(None))] {
        text.push_str(&format!("== {name}\n"));
        for (source, standing) in &sources {
            let mut manifest = promoted(source, &["1.0.0"]);
            manifest.policy = policy.clone();
            let update = line("latest", Some("1.0.0"), Some("1.0.1"));
            let wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
            let evidence = Evidence { standing: standing.clone(), ..evidence() };
            let account = Account::of(&manifest, &wanted.items[0], Some(&evidence));
            let plain = |text: &str, _: usize| text.to_owned();
            text.push_str(&format!(
                "{source}\n  {}\n  {}\n",
                account.change(str::to_owned),
                account.category_words(plain)
            ));
        }
    }
    insta::assert_snapshot!("policy", text);
}
