use proptest::prelude::*;

use super::find;
use crate::diag::Span;
use crate::references::{Findings, FoundReference, Replacement, Site, TextEdit, rewrite};

/// What texts are made of: the pieces that mean something in a Dockerfile.
const PIECES: &[&str] = &[
    "FROM ",
    "from ",
    "ARG ",
    "COPY ",
    "ADD ",
    "RUN ",
    "ONBUILD ",
    "HEALTHCHECK ",
    "CMD ",
    "AS ",
    "--from=",
    "--mount=",
    "from=",
    "--platform=",
    "type=bind,",
    "scratch",
    "redis",
    "redis:7",
    "ghcr.io/acme/base:1",
    "localhost:5000/x",
    "A",
    "B",
    "=",
    ":",
    "@",
    "/",
    ",",
    "$",
    "$A",
    "${A}",
    "${B}",
    "${A:-",
    "${B:+",
    "${A-",
    "${A#",
    "${A/",
    "}",
    "{",
    "\"",
    "'",
    "\\",
    "`",
    "#",
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\\\n",
    "\\ \r\n",
    "`\n",
    "\n# note\n",
    "\n\n",
    "<<EOF",
    "<<-EOF",
    "<<'A'",
    "EOF\n",
    "\nEOF\n",
    "A\n",
    "[\"a\"]",
    "# syntax=",
    "# escape=`\n",
    "//syntax=",
    "{\"syntax\": \"",
    "#!",
    "{{ x }}",
    "\u{feff}",
    "\u{e9}",
    "\u{a0}",
    "\u{2028}",
    "\u{1a}",
    "\u{1f600}",
];

/// Lines that are mostly valid.
const LINES: &[&str] = &[
    "# syntax=docker/dockerfile:1\n",
    "# escape=`\n",
    "ARG A=redis:7\n",
    "ARG A='redis'\n",
    "ARG A\n",
    "ARG B=$A\n",
    "ARG B=${A}-x\n",
    "ARG B=${C:-debian:12} A=\"redis\" \\\n D=\n",
    "FROM redis:7\n",
    "FROM $A AS a\n",
    "FROM \"${B}\" AS b\r\n",
    "FROM a\n",
    "FROM b AS redis\n",
    "FROM ${A:-\\\n redis}:7\n",
    "FROM ${D:+x}${C:-redis:7}\n",
    "FROM ${C:-redis:7}\n",
    "FROM $D$A\n",
    "FROM --platform=$TARGETOS re\\\ndis\n",
    "FROM ${A%7}\n",
    "COPY --from=a / /\n",
    "COPY --from=redis:7 \\\n# x\n / /\n",
    "COPY --from=\"a/b:1\" <<X /\nFROM x\nX\n",
    "RUN --mount=from=redis,type=bind --mount='\"from=a:1\"' true\n",
    "ONBUILD COPY --from=ghcr.io/a/b / /\n",
    "RUN <<-EOF\n\tFROM x\n\tEOF\n",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat());
    let lines = proptest::collection::vec(proptest::sample::select(LINES), 0..12).prop_map(|lines| lines.concat());
    let mixed = (lines.clone(), pieces.clone(), lines.clone()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
    prop_oneof![lines, pieces, mixed, any::<String>()]
}

fn replacement() -> Replacement {
    Replacement {
        mirror: "docker.io/acme/mirror".parse().unwrap(),
        tag: "7.2".parse().unwrap(),
        digest: crate::image::Digest::sha256(b"mirrored"),
    }
}

/// The edits of every literal, each place once.
fn edits(text: &str, references: &[FoundReference], to: &Replacement) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = references.iter().flat_map(|found| rewrite(text, &found.site, to)).collect();
    edits.sort_by_key(|edit| edit.at.start);
    edits.dedup();
    edits
}

fn edited(text: &str, edits: &[TextEdit]) -> String {
    edits.iter().rev().fold(text.to_owned(), |mut text, edit| {
        text.replace_range(edit.at.start..edit.at.end, &edit.text);
        text
    })
}

/// Where a place is after the edits: they lie in it, before it or behind it.
fn moved(at: Span, edits: &[TextEdit]) -> Span {
    let grown = |edit: &TextEdit| edit.text.len() - (edit.at.end - edit.at.start);
    let before = edits.iter().filter(|edit| edit.at.end <= at.start).map(grown).sum::<usize>();
    let inside =
        edits.iter().filter(|edit| edit.at.start >= at.start && edit.at.end <= at.end).map(grown).sum::<usize>();
    Span { start: at.start + before, end: at.end + before + inside }
}

fn check_spans(text: &str, findings: &Findings) {
    let mut places: Vec<Span> = findings.references.iter().map(|found| found.at).collect();
    places.extend(findings.unresolved.iter().map(|found| found.at));
    let sites = findings.references.iter().filter_map(|found| match found.site {
        Site::Literal(at) => Some(at),
        _ => None,
    });
    for at in places.iter().copied().chain(sites) {
        assert!(at.start < at.end && text.get(at.start..at.end).is_some(), "{text:?} {at:?}");
    }
    places.sort_by_key(|at| (at.start, at.end));
    assert!(places.windows(2).all(|pair| pair[0] != pair[1]), "{text:?} names a place twice");
    assert!(findings.references.is_sorted_by_key(|found| found.at.start));
    assert!(findings.unresolved.is_sorted_by_key(|found| found.at.start));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_rewritten_is_found_again_at_its_place(text in texts()) {
        let findings = find(&text);
        check_spans(&text, &findings);
        let to = replacement();
        let image: crate::image::Named<crate::image::Repository> = to.to_string().parse().unwrap();
        let edits = edits(&text, &findings.references, &to);
        prop_assert!(edits.windows(2).all(|pair| pair[0].at.end <= pair[1].at.start));
        let again = find(&edited(&text, &edits));
        let expected = findings.references.iter().map(|found| match found.site {
            Site::Literal(site) => FoundReference {
                at: moved(found.at, &edits),
                image: image.clone(),
                site: Site::Literal(moved(site, &edits)),
                known: true,
            },
            _ => FoundReference { at: moved(found.at, &edits), ..found.clone() },
        });
        prop_assert_eq!(&again.references, &expected.collect::<Vec<_>>());
        let places = |findings: &Findings, edits: &[TextEdit]| {
            findings.unresolved.iter().map(|found| (moved(found.at, edits), found.why.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(places(&again, &[]), places(&findings, &edits));
    }
}

/// `piece` again and again, a million bytes of it.
fn million(start: &str, piece: &str) -> String {
    format!("{start}{}", piece.repeat(1_000_000 / piece.len() + 1))
}

/// Reading that is quadratic in any of these would take hours: the test has no other clock.
#[test]
fn a_million_hostile_bytes_are_read_once() {
    let lines = [
        ("FROM ", "\""),
        ("FROM ", "["),
        ("FROM ", "$A"),
        ("FROM ", "${A:-"),
        ("FROM ", "x "),
        ("FROM ", "{{ "),
        ("ARG A=", "$A"),
        ("ARG ", "A=x "),
        ("ARG A='", "\u{e9}"),
        ("RUN ", "<<E "),
        ("RUN ", "<"),
        ("RUN <<E ", "$A"),
        ("RUN <<E ", "\"\""),
        ("RUN ", "--mount=from=a:1 "),
        ("RUN --mount=", ","),
        ("RUN --mount='", "\"\""),
        ("COPY ", "--from=a:1 "),
        ("COPY --from=", "\\\n"),
        ("", "ONBUILD "),
        ("", "\\\n"),
        ("RUN x", " \\\n# x\n"),
        ("", "FROM $A\n"),
        ("", "FROM a AS b\n"),
        ("", "ARG A=$A$A\n"),
        ("FROM a\n", "RUN <<E\nE\n"),
        ("FROM a\n", "COPY --from=b x y\n"),
    ];
    for (start, piece) in lines {
        let text = million(&format!("ARG A=redis\n{start}"), piece);
        check_spans(&text, &find(&text));
    }
    for (start, piece) in [("# syntax=", "a"), ("# syntax", " "), ("//syntax=", "/a"), ("{\"syntax\":", "[")] {
        let text = million(start, piece);
        check_spans(&text, &find(&text));
    }
}
