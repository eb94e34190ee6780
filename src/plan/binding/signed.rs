//! Tests of who must sign, and of the files that say so.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::{approved, head, judged, line, opinion, state, state_with, text};
use super::*;

/// A step with this manifest, and the contents of the files that it may name.
#[derive(Clone, Copy)]
struct Keyed<'a> {
    by: By,
    text: &'a str,
    named: &'a [(&'a str, &'a str)],
}

/// What applies after a line of such steps, oldest first, and what in it is not reviewed.
fn signed(states: &[Keyed<'_>], pulls: &[(u64, Pull)]) -> (Binding, Vec<String>) {
    let texts: Vec<(By, &str)> = states.iter().map(|keyed| (keyed.by, keyed.text)).collect();
    let mut line = line(Base::Beginning, &texts);
    for (step, keyed) in line.steps.iter_mut().rev().zip(states) {
        step.state = state_with(keyed.text, keyed.named);
    }
    let (judgement, _) = judged(&line, 0, pulls);
    let binding = Binding::of(&head(&line), &line, &judgement);
    let said = binding.unreviewed.iter().map(|unreviewed| unreviewed.what.clone()).collect();
    (binding, said)
}

#[test]
fn who_must_sign_is_what_was_reviewed_last_and_so_is_what_its_files_hold() {
    let keyed = |key: &str| {
        text(1, &format!("    signatures: {{ key: {key} }}\n    provenance: {{ source: https://a.example }}\n"))
    };
    let (good, other) = (keyed("good.pub"), keyed("other.pub"));
    let asks = |binding: &Binding| {
        let image = &binding.manifest.images[0];
        let text = |value: Option<String>| value.unwrap_or_default();
        (
            text(image.signatures.as_ref().map(ToString::to_string)),
            text(image.provenance.as_ref().map(ToString::to_string)),
        )
    };
    let reviewed = ("key good.pub".to_owned(), "source https://a.example".to_owned());
    let begun = Keyed { by: By::Pushed, text: &good, named: &[("good.pub", "good")] };
    let at = |commit: usize| Some(format!("{commit:040}"));

    // Removed, weakened, or pointed at another key.
    let weaker = good.replace("    provenance: { source: https://a.example }\n", "");
    for (after, what) in [
        (text(1, ""), &["`signatures`: removed on `acme/app`", "`provenance`: removed on `acme/app`"][..]),
        (weaker, &["`provenance`: removed on `acme/app`"]),
        (
            good.replace("{ key: good.pub }", "{ any-of: [{ key: good.pub }, { key: evil.pub }] }"),
            &["the file `evil.pub`: missing", "`signatures`: any of (key good.pub; key evil.pub) on `acme/app`"],
        ),
    ] {
        let (binding, said) = signed(&[begun, Keyed { text: &after, ..begun }], &[]);
        assert_eq!(
            (asks(&binding), &said[..]),
            (reviewed.clone(), &what.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..])
        );
    }

    // Different content under the same name: the former content counts, at the commit that has it.
    let replaced = Keyed { named: &[("good.pub", "evil")], ..begun };
    let (binding, said) = signed(&[begun, replaced], &[]);
    assert_eq!((asks(&binding), &binding.held), (reviewed.clone(), &Held::from([("good.pub".to_owned(), at(0))])));
    assert!(said[0].starts_with("the file `good.pub`: sha256:"), "{said:?}");

    // Replaced first and no longer named afterwards: its last content does not count.
    let named = Keyed { by: By::Pushed, text: &other, named: &[("good.pub", "evil"), ("other.pub", "evil")] };
    let (binding, _) = signed(&[begun, replaced, named], &[]);
    let held = Held::from([("good.pub".to_owned(), at(0)), ("other.pub".to_owned(), None)]);
    assert_eq!((asks(&binding), &binding.held), (reviewed, &held));

    // A review of everything: nothing is held back.
    let seen = Pull { reviews: vec![(opinion("mona", None), Some(state_with(&other, named.named)))], record: None };
    let (binding, said) = signed(&[begun, replaced, Keyed { by: By::Pull(1), ..named }], &[(1, seen)]);
    assert_eq!((asks(&binding).0, binding.held, said), ("key other.pub".to_owned(), Held::new(), Vec::new()));
}

#[test]
fn images_of_one_name_are_as_protected_as_the_one_that_was_reviewed() {
    let entry = |more: &str, approved: &str| {
        let image = text(1, &format!("{more}{approved}"));
        image.split_once("images:\n").unwrap().1.trim_end().to_owned() + "\n"
    };
    let asked = "    signatures: { key: good.pub }\n    immutable-tags: true\n    rebuilds: ignore\n";
    let unasked = "    rebuilds: ignore\n";
    let both = |first: &str, second: &str| {
        let (head, _) =
            text(1, "").split_once("images:\n").map(|(head, rest)| (head.to_owned(), rest.to_owned())).unwrap();
        let second = second.replace("team/app\n", "team/app\n    follow: each-minor\n");
        format!("{head}images:\n{first}{second}")
    };
    let before = both(&entry(asked, ""), &entry(asked, ""));
    let named: &[(&str, &str)] = &[("good.pub", "good")];
    let begun = Keyed { by: By::Pushed, text: &before, named };
    for after in [
        both(&entry(unasked, ""), &entry(asked, "")),
        both(&entry(asked, ""), &entry(unasked, "")),
        both(&entry(unasked, ""), &entry(unasked, "")),
    ] {
        let (binding, said) = signed(&[begun, Keyed { text: &after, ..begun }], &[]);
        assert_eq!(said.len(), 2, "{said:?}");
        for image in &binding.manifest.images {
            assert!(image.signatures.is_some() && image.immutable_tags, "{after}");
        }
    }
    // An approval that moves between them is not the one that was reviewed.
    let one = approved(&["1"]);
    let mixed = both(&entry(asked, &one), &entry(unasked, ""));
    let swapped = both(&entry(asked, ""), &entry(unasked, &one));
    let begun = Keyed { by: By::Pushed, text: &mixed, named };
    let (binding, _) = signed(&[begun, Keyed { text: &swapped, ..begun }], &[]);
    assert_eq!(binding.approvals.len(), 1);
}

#[test]
fn a_file_whose_absence_was_reviewed_is_not_read_where_nobody_reviewed_it() {
    let keyed = |key: &str| text(1, &format!("    signatures: {{ key: {key} }}\n"));
    let (plain, good, other) = (text(1, ""), keyed("good.pub"), keyed("other.pub"));
    let replaced: &[(&str, &str)] = &[("good.pub", "evil"), ("other.pub", "evil")];
    let reviewed: &[(&str, &str)] = &[("good.pub", "good")];
    // A key is asked for; a push names another one; then a branch is merged that is older than both.
    let steps = [
        Keyed { by: By::Pushed, text: &plain, named: &[] },
        Keyed { by: By::Pull(1), text: &good, named: reviewed },
        Keyed { by: By::Pushed, text: &other, named: replaced },
        Keyed { by: By::Pull(2), text: &other, named: replaced },
    ];
    let seen = |state| Pull { reviews: vec![(opinion("mona", None), Some(state))], record: None };
    let pulls = [(1, seen(state_with(&good, reviewed))), (2, seen(state(&plain)))];
    let (binding, _) = signed(&steps, &pulls);
    let asked = binding.manifest.images[0].signatures.as_ref().map(ToString::to_string);
    assert_eq!(asked, Some("key good.pub".to_owned()));
    assert_eq!(binding.held, Held::from([("good.pub".to_owned(), None), ("other.pub".to_owned(), None)]));
}

#[test]
fn another_variant_does_not_take_the_signers_away() {
    let guards = "    signatures: { key: good.pub }\n    provenance: { source: https://a.example }\n";
    let guarded = text(1, guards);
    let begun = Keyed { by: By::Pushed, text: &guarded, named: &[("good.pub", "good")] };
    for line in ["    variant: alpine\n", "    tags: [latest]\n"] {
        let (binding, _) = signed(&[begun, Keyed { text: &text(1, line), ..begun }], &[]);
        let image = &binding.manifest.images[0];
        assert!(image.signatures.is_some() && image.provenance.is_some(), "{line}");
        assert_eq!(binding.held, Held::from([("good.pub".to_owned(), Some(format!("{:040}", 0)))]), "{line}");
    }
}
