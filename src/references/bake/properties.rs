//! Whatever a Bake file says, places stay in it, and what is rewritten is found again.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use crate::references::found::{Findings, Site};
use crate::references::rewrite::{Replacement, rewrite};

fn replacement() -> Replacement {
    Replacement {
        mirror: "docker.io/acme/alpine".parse().unwrap(),
        tag: "3.20".parse().unwrap(),
        digest: format!("sha256:{}", "b".repeat(64)).parse().unwrap(),
    }
}

/// Rewrites the first literal, and checks that the same place now names the replacement and no other byte changed.
fn rewritten(text: &str, find: impl Fn(&str) -> Findings) -> Result<(), TestCaseError> {
    let found = find(text);
    for at in found.references.iter().map(|reference| reference.at).chain(found.unresolved.iter().map(|one| one.at)) {
        prop_assert!(at.start <= at.end && text.get(at.start..at.end).is_some(), "{:?}", at);
    }
    let first = found.references.iter().enumerate().find_map(|(index, one)| match one.site {
        Site::Literal(at) => Some((index, at)),
        _ => None,
    });
    let Some((index, at)) = first else { return Ok(()) };
    let to = replacement();
    let edits = rewrite(text, &found.references[index].site, &to);
    prop_assert_eq!(edits.len(), 1);
    prop_assert_eq!(edits[0].at, at);
    let after = format!("{}{}{}", &text[..at.start], edits[0].text, &text[at.end..]);
    let again = find(&after);
    prop_assert_eq!(again.references.len(), found.references.len());
    prop_assert_eq!(&again.references[index].image.name, &to.mirror);
    prop_assert_eq!(again.references[index].image.digest.as_ref(), Some(&to.digest));
    Ok(())
}

fn piece() -> impl Strategy<Value = String> {
    let words = [
        "target \"a\" {",
        "contexts = {",
        "a = \"docker-image://a:1\"",
        "\"docker-image://${V}\"",
        "V = \"alpine:3\"",
        "}",
        "{",
        "\n",
        "\n",
        " ",
        "${",
        "\"",
        "<<-END\n",
        "END\n",
        "variable \"V\" { default = \"b:1\" }\n",
        "#",
        "/*",
        "[",
        "]",
        "? a : b",
        "merge(",
        ")",
        "é",
        "\\",
        "%{",
        "for",
        "=",
        ",",
    ];
    prop::sample::select(words.map(str::to_owned).to_vec())
}

proptest! {
    #[test]
    fn any_text_is_read_within_its_bounds(pieces in prop::collection::vec(piece(), 0..30)) {
        let text = pieces.concat();
        rewritten(&text, super::hcl)?;
        rewritten(&text, super::json)?;
    }

    #[test]
    fn what_is_rewritten_is_found_again(
        name in "[a-z]{1,8}(/[a-z]{1,5})?(:[0-9][0-9.]{0,3})?",
        before in "(# é\n|/\\* x \\*/ |Y = 1\n){0,3}",
        variable in any::<bool>(),
    ) {
        let text = if variable {
            format!("{before}V = \"{name}\"\ntarget \"a\" {{ contexts = {{ a = \"docker-image://${{V}}\" }} }}")
        } else {
            format!("{before}target \"a\" {{ contexts = {{ a = \"docker-image://{name}\" }} }}")
        };
        prop_assert_eq!(super::hcl(&text).references.len(), 1);
        rewritten(&text, super::hcl)?;
        let json = format!("{{\"target\":{{\"é\":{{\"contexts\":{{\"a\":\"docker-image://{name}\"}}}}}}}}");
        prop_assert_eq!(super::json(&json).references.len(), 1);
        rewritten(&json, super::json)?;
    }
}
