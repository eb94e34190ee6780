use super::applied;
use crate::diag::Span;
use crate::references::{Format, TextEdit, changes_only};

/// Whether replacing the first `from` in a text with `to` changes only that value.
fn changes(text: &str, from: &str, to: &str) -> bool {
    let start = text.find(from).unwrap();
    let edits = [TextEdit { at: Span { start, end: start + from.len() }, text: to.to_owned() }];
    changes_only(Format::Compose, text, &applied(text, &edits), &edits)
}

#[test]
fn the_safety_net_sees_what_an_edit_does() {
    for (text, from, to) in [
        ("a: redis:7\nb: x\n", "redis:7", "ghcr.io/a/b:1"),
        ("a: 'redis:7'\n", "redis:7", "ghcr.io/a/b:1"),
        ("a: docker://redis:7\n", "redis:7", "ghcr.io/a/b:1"),
        ("a: ${X:-redis:7}\n", "redis:7", "ghcr.io/a/b:1"),
        ("a: &a redis:7\nb: *a\n", "redis:7", "ghcr.io/a/b:1"),
        ("a: 7.2\n", "7.2", "\"7.20\""),
        ("---\na: redis\n---\n{{ not: yaml\n", "redis", "valkey"),
        ("{{ if x }}\n- image: redis:7\n{{ end }}\n", "redis:7", "valkey:8"),
        ("x: &x { a: 1 }\ny: &y { b: 1 }\nz:\n  <<: *x\n  image: redis:7\n  <<: *y\n", "redis:7", "valkey:8"),
    ] {
        assert!(changes(text, from, to), "{text}");
    }
}

#[test]
fn the_safety_net_refuses_what_changes_more() {
    for (text, from, to) in [
        // A comment.
        ("a: x # redis:7\n", "redis:7", "valkey:8"),
        // Another value, or another number of them.
        ("a: redis:7\n", "redis:7", "redis:7\nb: 1"),
        ("a: redis:7\nb: x\n", "redis:7\nb", "valkey:8\nc"),
        ("a: redis:7\n", "redis:7", "7.2"),
        ("a: redis:7\n", "redis:7", "[::1]:5000/a"),
        ("a: redis:7\n", "redis:7", "a: b"),
        ("a: redis:7\n", "redis:7", "valkey:8\n---\nb: 1"),
        ("a: redis:7\n", "redis:7", "valkey #8"),
        // A key.
        ("redis: 7\n", "redis", "valkey"),
        // What no reader of YAML accepts.
        ("a: redis:7\na: x\n", "redis:7", "valkey:8"),
        ("a: [redis:7\n", "redis:7", "valkey:8"),
        ("{{ if x }}\n- image: redis:7\n{{ end }}\n", "image", "other"),
        ("{{ if x }}\n- image: redis:7\n{{ end }}\n", "x", "y"),
    ] {
        assert!(!changes(text, from, to), "{text} {to}");
    }
}

#[test]
fn two_edits_change_two_values() {
    let text = "a: redis:7\nb: x # redis:7\n";
    let places = text.match_indices("redis:7");
    let edits: Vec<_> =
        places.map(|(at, _)| TextEdit { at: Span { start: at, end: at + 7 }, text: "valkey:8".to_owned() }).collect();
    assert!(!changes_only(Format::Compose, text, &applied(text, &edits), &edits));
    let text = text.replace("x # ", "");
    let edits: Vec<_> = text
        .match_indices("redis:7")
        .map(|(at, _)| TextEdit { at: Span { start: at, end: at + 7 }, text: "valkey:8".to_owned() })
        .collect();
    assert!(changes_only(Format::Compose, &text, &applied(&text, &edits), &edits));
}

#[test]
fn a_key_may_be_added_with_the_value_that_was_inserted() {
    let text = "a:\n- name: x\n  newTag: 1\n";
    let at = text.find("\n  newTag").unwrap();
    let edits = [TextEdit { at: Span { start: at, end: at }, text: "\n  newName: y".to_owned() }];
    assert!(changes_only(Format::Kustomize, text, &applied(text, &edits), &edits));
    let other = applied(text, &edits).replace("newName", "newNames");
    assert!(!changes_only(Format::Kustomize, text, &other, &edits));
    assert!(!changes_only(Format::Kustomize, text, text, &edits), "an edit without effect");
}

#[test]
fn many_different_edits_are_each_looked_up() {
    let text: String = (0..5_000).map(|at| format!("a{at}: redis:{at}.\n")).collect();
    let value = |at: usize| text[at..].find('\n').map(|length| Span { start: at, end: at + length }).unwrap();
    let values = text.match_indices("redis").map(|(at, _)| value(at));
    let edits: Vec<_> = values.map(|at| TextEdit { at, text: "valkey:8".to_owned() }).collect();
    assert!(changes_only(Format::Compose, &text, &applied(&text, &edits), &edits));
}
