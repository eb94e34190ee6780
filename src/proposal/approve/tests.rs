#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::image::Digest;
use crate::proposal::fixtures::{approval, line, manifest, selected};
use crate::rules::{Facts, Readiness, TagVerdict, Verdict};

const REASONS: [Reason; 20] = [
    Reason::Newest,
    Reason::Approved,
    Reason::NotAVersion,
    Reason::OutOfRange,
    Reason::Prerelease,
    Reason::OtherVariant,
    Reason::OtherPrecision,
    Reason::OtherPrefix,
    Reason::OtherLine,
    Reason::Floating,
    Reason::Older,
    Reason::Superseded,
    Reason::Waiting,
    Reason::NotReady,
    Reason::Unsigned,
    Reason::Rejected,
    Reason::Revoked,
    Reason::Declined,
    Reason::Refused,
    Reason::ApprovalNotRead,
];

fn request(tag: Option<&str>, urgent: bool, proposes: bool) -> ApprovalRequest {
    let name = tag.map_or("loki".to_owned(), |tag| format!("loki:{tag}"));
    let why = Why { urgent: urgent.then(|| "CVE-2027-1".to_owned()), reason: None };
    let mut manifest = manifest(&["grafana/loki"]);
    manifest.images[0].approved = vec![approval("3.0.0")];
    ApprovalRequest::new(manifest, &name, why, proposes).unwrap()
}

/// The rule picks 3.2.0 on the line of 3.0.0; 3.1.0 got this verdict.
fn known(reason: Reason, facts: Facts) -> Known {
    let mut selection = selected(0, vec![line("latest", Some("3.0.0"), Some("3.2.0"))]).selection;
    let (verdict, detail) = (Verdict::Skipped, "in words".to_owned());
    selection.tags = vec![TagVerdict { tag: "3.1.0".parse().unwrap(), verdict, reason, detail }];
    let mut known = Known::default();
    known.candidates.images.insert(0, ImageCandidates { selection, facts, ..ImageCandidates::default() });
    known
}

fn outcome(request: &ApprovalRequest, known: &Known) -> String {
    match request.decide(&request.ruled(), known, DateTime::UNIX_EPOCH) {
        Err(facts) => format!("lacks {facts:?}"),
        Ok(Resolution::Approve(change)) => {
            let item = &change.1.items[0];
            let Entry { from, to, kind, urgent, .. } = item.entry.clone();
            format!(
                "{kind:?} {} -> {}{}{}",
                from.unwrap(),
                to.unwrap(),
                if item.is_earlier { ", an earlier digest" } else { "" },
                urgent.map(|_| ", urgent").unwrap_or_default()
            )
        }
        Ok(Resolution::Failed(failure)) => failure.error,
        Ok(other) => format!("{other:?}"),
    }
}

#[test]
fn what_a_person_may_override_is_judged_by_itself() {
    let mut table = String::new();
    for reason in REASONS {
        writeln!(table, "{reason:?}").unwrap();
        for (name, request) in [
            ("edited in", request(Some("3.1.0"), false, false)),
            ("proposed", request(Some("3.1.0"), false, true)),
            ("proposed, urgent", request(Some("3.1.0"), true, true)),
        ] {
            writeln!(table, "    {name}: {}", outcome(&request, &known(reason, Facts::default()))).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_version_is_asked_about_until_it_is_approved_or_refused() {
    let (tag, digest) = ("3.1.0".parse::<Tag>().unwrap(), Digest::sha256(b"3.1.0"));
    let answered = || Facts { digests: BTreeMap::from([(tag.clone(), Some(digest.clone()))]), ..Facts::default() };
    let ready = |facts: Facts| Facts { readiness: BTreeMap::from([(digest.clone(), Readiness::Ready)]), ..facts };
    let unknown_age =
        |facts: Facts| Facts { public_since: BTreeMap::from([((tag.clone(), digest.clone()), None)]), ..facts };
    let history = |digest: &Digest, facts: Facts| {
        let entries = vec![(digest.clone(), DateTime::UNIX_EPOCH - chrono::TimeDelta::days(9))];
        Facts { history: BTreeMap::from([(tag.clone(), entries)]), ..unknown_age(facts) }
    };
    let earlier = Digest::sha256(b"earlier");
    let ready_before = Facts { readiness: BTreeMap::from([(earlier.clone(), Readiness::Ready)]), ..answered() };
    let rounds = [
        Facts::default(),
        answered(),
        unknown_age(answered()),
        history(&digest, answered()),
        history(&earlier, answered()),
        history(&earlier, ready_before),
        ready(answered()),
        ready(unknown_age(answered())),
    ];
    let mut table = String::new();
    for (name, request) in [
        ("no tag", request(None, false, false)),
        ("the rule's own", request(Some("3.2.0"), false, true)),
        ("no such tag", request(Some("9.9.9"), false, false)),
        ("an older one", request(Some("3.1.0"), false, false)),
        ("an older one, urgent", request(Some("3.1.0"), true, false)),
    ] {
        writeln!(table, "{name}").unwrap();
        for facts in &rounds {
            writeln!(table, "    {}", outcome(&request, &known(Reason::Older, facts.clone()))).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}
