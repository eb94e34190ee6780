//! Bodies of many changes.

use proptest::prelude::*;

use super::*;

#[test]
fn of_many_first_approvals_none_is_bold() {
    let sources: Vec<String> =
        (0..300).map(|n| format!("ghcr.io/some-rather-long-organization/team-of-many/image-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::All;
    let tag = "2.55.1-distroless-bookworm-20261119-amd64-with-everything";
    let first = |n| selected(n, vec![line("latest", None, Some(tag))]);
    let wanted = wanted(&manifest, &(0..300).map(first).collect::<Vec<_>>()).remove(0);
    let body = body(&manifest, &wanted, &vec![evidence(); 300], &[], &metadata_of(&wanted));
    assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
    assert_eq!(body.matches("**").count(), 0, "a first approval is no risk by itself");
    insta::assert_snapshot!(body.lines().take(12).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_group_of_twenty() {
    let sources: Vec<String> = (0..20).map(|n| format!("prom/exporter-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::Named(vec![("monitoring".into(), vec!["prom/*".into()])]);
    for image in &mut manifest.images {
        image.approved = vec![approval("1.4.0")];
    }
    manifest.images[15].approved.clear();
    let chosen = |n: usize| match n {
        7 => "1.4.0",
        3 | 12 => "1.5.0",
        _ => "1.4.1",
    };
    let selections: Vec<_> = (0..20)
        .map(|n| selected(n, vec![line("latest", Some("1.4.0").filter(|_| n != 15), Some(chosen(n)))]))
        .collect();
    let mut wanted = wanted(&manifest, &selections).remove(0);
    wanted.items[7].entry.kind = Kind::Rebuild;
    let mut all = vec![evidence(); 20];
    all[9].lost = vec!["linux/s390x".to_owned()];
    all[17].served = Served::Not(None);
    snapshot("group", &manifest, &wanted, &all);
}

/// A group of all images, each with a patch release.
fn group_of(count: usize, name: &str) -> (Manifest, Wanted) {
    let sources: Vec<String> = (0..count).map(|n| format!("ghcr.io/some-organization/{name}-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::All;
    let patch = |n| selected(n, vec![line("latest", Some("1.0.0"), Some("1.0.1"))]);
    let mut wanted = wanted(&manifest, &(0..count).map(patch).collect::<Vec<_>>()).remove(0);
    for (n, item) in wanted.items.iter_mut().enumerate() {
        item.entry.digest = Digest::sha256(&n.to_be_bytes());
    }
    (manifest, wanted)
}

fn rows(body: &str) -> usize {
    body.lines().filter(|l| l.starts_with("| `ghcr.io/")).count()
}

#[test]
fn a_large_group_keeps_every_row_and_its_metadata() {
    for count in [150, 300] {
        let (manifest, wanted) = group_of(count, "image");
        let body = body(&manifest, &wanted, &vec![evidence(); count], &[], &metadata_of(&wanted));
        assert!(body.chars().count() <= BODY_LIMIT, "{} characters", body.chars().count());
        assert_eq!(rows(&body), count);
        assert!(body.contains(&format!("<details><summary>All {count} changes</summary>")), "{}", &body[..600]);
        assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
        assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
        assert!(body.contains("Details that do not fit here are left out: the check's summary has more"), "{body}");
        let first = "<details><summary><code>ghcr.io/some-organization/image-0:1.0.1</code>: patch update</summary>";
        assert!(body.contains(first), "as many sections as fit");
        assert_eq!(title(&manifest, &wanted), format!("Approve {count} versions of all images"));
    }
}

#[test]
fn of_a_thousand_changes_the_most_serious_are_shown_and_the_others_counted() {
    let (manifest, mut wanted) = group_of(1_000, "image");
    wanted.items[998].entry.urgent = Some("CVE-2027-1234".to_owned());
    let body = body(&manifest, &wanted, &vec![evidence(); 1_000], &[], &metadata_of(&wanted));
    assert!(body.chars().count() <= BODY_LIMIT, "{} characters", body.chars().count());
    assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    let shown = rows(&body);
    assert!(shown >= 200, "{shown} rows");
    let hidden = format!("\n{} more changes do not fit here: ", 1_000 - shown);
    assert!(body.contains(&hidden) && body.contains("the changed files and the commit message have all changes"));
    let first: Vec<&str> = body.lines().take(3).collect();
    assert_eq!(first[0], "- Change: 1000 × patch update");
    assert_eq!(
        first[1],
        "- Risk: **urgent** (`ghcr.io/some-organization/image-998`); not looked at: what is inside (all)"
    );
    assert_eq!(first[2], "- On merge: copies 1000 images, 41 GB; creates 1000 repositories");
    assert!(body.contains("\n\n> [!WARNING]\n> Urgent: "), "{}", &body[..600]);
    let first = body.lines().find(|l| l.starts_with("| `ghcr.io/")).unwrap();
    assert!(first.contains("image-998") && first.contains("**urgent**"), "{first}");
    let (_, message) = message(&manifest, &wanted);
    assert_eq!(message.lines().filter(|l| l.starts_with("ghcr.io/")).count(), 1_000);
}

#[test]
fn a_group_takes_no_more_than_one_proposal_can_name() {
    let (manifest, wanted) = group_of(1_003, "image");
    assert_eq!((wanted.items.len(), wanted.later), (metadata::ENTRY_LIMIT, 3));
    let body = body(&manifest, &wanted, &[], &[], &metadata_of(&wanted));
    assert!(body.contains("\n3 more changes of this group are proposed once this is merged.\n"));
    assert!(body.chars().count() <= BODY_LIMIT);
}

proptest! {
    // each case writes a body of up to a thousand changes
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_there_is_to_say_it_fits_and_every_change_is_shown_or_counted(
        count in prop_oneof![1_usize..130, 130_usize..1_000], platforms in 0_usize..60, unknown in 0_usize..40,
        length in 0_usize..400, name in "[a-z]{1,90}", calls in 0_usize..40,
    ) {
        let (manifest, mut wanted) = group_of(count, &name);
        for item in wanted.items.iter_mut().take(calls) {
            item.entry.urgent = Some("why <&@".repeat(30));
        }
        let text = "|`@<é".repeat(length);
        let evidence = Evidence {
            platforms: vec![platform(&text, u64::MAX, Some(0)); platforms],
            unknown: vec![text; unknown],
            ..evidence()
        };
        let all = wanted.items.len();
        let body = body(&manifest, &wanted, &vec![evidence; all], &[], &metadata_of(&wanted));
        prop_assert!(body.chars().count() <= BODY_LIMIT);
        let hidden = all - rows(&body);
        prop_assert!(hidden == 0 || all > 130, "{} of {} rows are hidden", hidden, all);
        prop_assert_eq!(hidden > 0, body.contains(&format!("\n{hidden} more changes do not fit here: ")));
        prop_assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
        prop_assert_eq!(body.matches("<details>").count(), body.matches("</details>").count());
        prop_assert_eq!(all + wanted.later, count);
        prop_assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    }
}
