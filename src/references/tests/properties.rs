use proptest::prelude::*;

use super::{applied, replacement, rewritten, shown};
use crate::references::{Format, Site, changes_only, find, rewrite};

const FORMATS: [Format; 7] = [
    Format::Compose,
    Format::Kubernetes,
    Format::HelmValues,
    Format::Kustomize,
    Format::Workflow,
    Format::Action,
    Format::GitLab,
];

const PIECES: &[&str] = &[
    "services:\n",
    "jobs:\n",
    "images:\n",
    "image: ",
    "  image: ",
    "    image: ",
    "- ",
    "  - ",
    "redis:7",
    "a/b",
    "${A:-redis:7}",
    "$A",
    "{{ x }}",
    "&a ",
    "*a",
    "<<: *a\n",
    "\n",
    "\r\n",
    "  ",
    "---\n",
    "...\n",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ": ",
    "#",
    "|\n",
    ">-\n",
    "kind: Pod\n",
    "apiVersion: v1\n",
    "spec:\n",
    "  containers:\n",
    "repository: ",
    "tag: ",
    "digest: ",
    "name: ",
    "newTag: ",
    "!reference ",
    "extends: ",
    ".a",
    "variables:\n",
    "container: ",
    "uses: docker://",
    "steps:\n",
    "é",
    "\u{feff}",
    "\t",
    "x-a: ",
    "build:\n",
    "  dockerfile_inline: |\n",
    "    FROM redis:7\n",
    "\u{1a}",
    "runs:\n",
    "!x ",
    "%",
    "\u{2028}",
];

/// Files made of pieces of all formats, and of what breaks them.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// A valid reference, as people write them.
fn reference() -> impl Strategy<Value = String> {
    let digest = format!("@sha256:{}", "0b".repeat(32));
    (
        prop::sample::select(vec!["", "ghcr.io/", "localhost:5000/", "registry.example.com/"]),
        "[a-z]{1,6}(/[a-z0-9]{1,5}(-[a-z]{1,3})?)?",
        prop::option::of("[a-z0-9][a-zA-Z0-9._-]{0,6}"),
        prop::sample::select(vec![String::new(), digest]),
    )
        .prop_map(|(host, name, tag, digest)| {
            format!("{host}{name}{}{digest}", tag.map(|tag| format!(":{tag}")).unwrap_or_default())
        })
}

proptest! {
    /// Whatever stands in a file, places are in it, and edits can be applied.
    #[test]
    fn any_text_has_places_within_it(text in pieces(), other in "\\PC{0,60}") {
        for text in [&text, &other] {
            for format in FORMATS {
                let findings = find(format, text);
                shown(format, text);
                for found in &findings.references {
                    let edits = rewrite(text, &found.site, &replacement());
                    changes_only(format, text, &applied(text, &edits), &edits);
                }
                let places = findings.references.iter().map(|found| found.at);
                let places: Vec<_> = places.chain(findings.unresolved.iter().map(|missing| missing.at)).collect();
                prop_assert!(places.iter().all(|at| text.get(at.start..at.end).is_some()));
                let ends: std::collections::BTreeSet<_> = places.iter().map(|at| (at.start, at.end)).collect();
                prop_assert_eq!(ends.len(), places.len(), "a place twice");
            }
        }
    }

    /// A reference is found wherever a format has one, in every style, and rewriting it changes nothing else.
    #[test]
    fn a_reference_is_found_and_rewritten_in_every_style(
        image in reference(), style in 0..5_usize, comment in "( #[ a-z]{0,8})?", crlf: bool
    ) {
        let value = match style {
            0 => image.clone(),
            1 => format!("'{image}'"),
            2 => format!("\"{image}\""),
            3 => format!("!!str {image}"),
            _ => format!("&anchor {image}"),
        };
        for (format, before) in [
            (Format::Compose, "services:\n  a:\n    image: "),
            (Format::Kubernetes, "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: "),
            (Format::HelmValues, "a:\n  image: "),
            (Format::Workflow, "jobs:\n  a:\n    container: "),
            (Format::GitLab, "job:\n  services:\n    - "),
        ] {
            let text = format!("# before\n{before}{value}{comment}\nother: text\n");
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            let findings = find(format, &text);
            prop_assert_eq!(findings.references.len(), 1, "{}", text);
            let found = &findings.references[0];
            prop_assert_eq!(&text[found.at.start..found.at.end], image.as_str());
            prop_assert_eq!(&found.site, &Site::Literal(found.at));
            rewritten(format, &text);
        }
    }
}

/// Files that cost a careless reader much more than their length: aliases, references and variables in each other, depth.
#[test]
fn hostile_files_are_read_to_their_end() {
    let bomb: String =
        (1..30).map(|n| format!("x-{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect();
    let chain: String = (1..2_000).map(|n| format!(".j{n}: {{ extends: .j{} }}\n", n - 1)).collect();
    let wide: String = (0..2_000).map(|n| format!("k{n}: {{ image: redis }}\n")).collect();
    let merges: String = (1..1_000).map(|n| format!("x-{n}: &a{n}\n  <<: *a{}\n", n - 1)).collect();
    let nested: String =
        (1..390).map(|n| format!("x-{n}: &a{n} {{ image: *a{}, b: [*a{}] }}\n", n - 1, n - 1)).collect();
    let tall: String = (1..199).map(|n| format!("x-{n}: &a{n} {{ b: [*a{}] }}\n", n - 1)).collect();
    let variables: String = (0..60).map(|n| format!("  V{n}: $V{0}$V{0}$V{0}\n", n + 1)).collect();
    let texts = [
        format!("x-0: &a0 [image]\n{bomb}"),
        format!(".j0: {{ image: redis }}\n{chain}"),
        format!("x-0: &a0 {{ image: redis }}\n{nested}"),
        format!("x-0: &a0 {{ image: redis }}\n{tall}services: *a198\njobs: *a198\n"),
        wide.clone(),
        format!("services:\n{}", wide.replace("k", "  k")),
        format!("x-0: &a0\n  image: redis\n{merges}services:\n  a: *a999\n"),
        format!("image: $V0\nvariables:\n{variables}"),
        format!("image: {}", "[".repeat(10_000)),
        format!("services: {{a: {{image: \"{}\"}}}}", "${A:-".repeat(5_000)),
        format!("services: {{a: {{image: \"{}\"}}}}", "${A:-x}".repeat(5_000)),
        "image: {{ x }}\n".repeat(2_000),
        "---\nimage: a: b\n".repeat(2_000),
        "- image\n".repeat(5_000),
        format!("kind: List\nitems:\n{}", "- kind: Pod\n  spec: { containers: [ { image: a } ] }\n".repeat(1_000)),
    ];
    for text in texts {
        for format in FORMATS {
            let findings = find(format, &text);
            assert!(findings.references.len() + findings.unresolved.len() <= 2_000, "{format:?}");
        }
    }
}
