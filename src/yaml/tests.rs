#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

fn dump(text: &str, node: &Node, depth: usize, out: &mut String) {
    use std::fmt::Write as _;
    let slice = &text[node.span.start..node.span.end];
    let props = node.properties.map(|p| format!(" {}", &text[p.start..p.end])).unwrap_or_default();
    let pad = "  ".repeat(depth);
    match &*node.kind {
        Kind::Scalar { text, style, .. } => writeln!(out, "{pad}{style:?} {text:?} {slice:?}{props}").unwrap(),
        Kind::Alias(_) => writeln!(out, "{pad}alias {slice:?}").unwrap(),
        Kind::List { items, .. } => {
            writeln!(out, "{pad}list {slice:?}{props}").unwrap();
            items.iter().for_each(|n| dump(text, n, depth + 1, out));
        }
        Kind::Map { entries, .. } => {
            writeln!(out, "{pad}map {slice:?}{props}").unwrap();
            for (k, v) in entries {
                dump(text, k, depth + 1, out);
                dump(text, v, depth + 2, out);
            }
        }
    }
}

#[test]
fn spans_are_exact() {
    let text = "\u{feff}a: &x !!str 'q''s' # c\r\nb: &l\r\n  - 1 # one\r\n  - { k: \"v\\n\", z: }\r\nc: *x\nd:\n- é x\n-\n# end\ne: [ 1, 2 ] # t\nf: |\n  text\n\ng:\n";
    let (root, faults) = read(text);
    assert!(faults.is_empty(), "{faults:?}");
    let mut out = String::new();
    dump(text, &root.unwrap(), 0, &mut out);
    insta::assert_snapshot!(out, @r##"
    map "a: &x !!str 'q''s' # c\r\nb: &l\r\n  - 1 # one\r\n  - { k: \"v\\n\", z: }\r\nc: *x\nd:\n- é x\n-\n# end\ne: [ 1, 2 ] # t\nf: |\n  text\n\ng"
      Plain "a" "a"
        SingleQuoted "q's" "'q''s'" &x !!str
      Plain "b" "b"
        list "- 1 # one\r\n  - { k: \"v\\n\", z: }" &l
          Plain "1" "1"
          map "{ k: \"v\\n\", z: }"
            Plain "k" "k"
              DoubleQuoted "v\n" "\"v\\n\""
            Plain "z" "z"
              Plain "~" ""
      Plain "c" "c"
        alias "*x"
      Plain "d" "d"
        list "é x\n-"
          Plain "é x" "é x"
          Plain "~" ""
      Plain "e" "e"
        list "[ 1, 2 ]"
          Plain "1" "1"
          Plain "2" "2"
      Plain "f" "f"
        Literal "text\n" "text\n\n"
      Plain "g" "g"
        Plain "~" ""
    "##);
}

/// Whether both parsers read the same; compares the oracle's numbers by value.
fn agrees(node: &Node, oracle: &serde_yaml::Value) -> bool {
    use serde_yaml::Value as Y;
    match (&*node.resolved().kind, oracle) {
        (Kind::Scalar { .. }, Y::Null) => node.is_null(),
        (Kind::Scalar { .. }, Y::Bool(b)) => node.special() == Some(Special::Bool(*b)),
        (Kind::Scalar { text, .. }, Y::Number(n)) => {
            let float = |t: &str| t.trim_start_matches('+').parse::<f64>().ok();
            node.special().is_none() && float(text) == n.as_f64()
        }
        (Kind::Scalar { text, .. }, Y::String(s)) => node.special().is_none() && text == s,
        (Kind::List { items, .. }, Y::Sequence(s)) => {
            items.len() == s.len() && items.iter().zip(s).all(|(n, y)| agrees(n, y))
        }
        (Kind::Map { entries, .. }, Y::Mapping(m)) => {
            entries.len() == m.len() && entries.iter().zip(m).all(|((k, v), (ky, vy))| agrees(k, ky) && agrees(v, vy))
        }
        _ => false,
    }
}

fn compared(text: &str) {
    let oracle: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let (root, faults) = read(text);
    assert!(faults.is_empty(), "{faults:?}\n{text}");
    assert!(root.is_some_and(|root| agrees(&root, &oracle)), "{oracle:?}\n{text}");
}

#[test]
fn scalars_mean_what_another_parser_says() {
    let plain = [
        "1.20",
        "3.0",
        "007x",
        "1e3",
        "-5",
        "+7",
        "~",
        "null",
        "Null",
        "NULL",
        "nUll",
        "true",
        "True",
        "TRUE",
        "tRue",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "2027-03-01",
        "12:30:45",
        "a b  c",
        "v1.2",
        "a#b",
        "a:b",
        "-a",
        "?a",
        "é",
        "<<",
        "=",
        "_1",
        "sha256:00",
        "RELEASE.2025-06-13T11-33-47Z",
        ">=2",
        "a'b\"c",
        "\\d",
    ];
    let quoted = [
        "''",
        "'it''s'",
        "\"\"",
        "\"a\\nb\\u00e9\\x41\"",
        "'\\d+'",
        "'true'",
        "\"null\"",
        "'a\n  b'",
        "|\n  a\n  b\n",
        ">-\n  a\n  b\n",
    ];
    for value in plain.iter().chain(&quoted).filter(|v| !v.starts_with('>') || v.contains('\n')) {
        compared(&format!("k: {value}\nl: 1\n"));
        compared(&format!("- {value}\n- x\n"));
        // The oracle does not accept a plain `?a` inside brackets.
        if !value.contains('\n') && !value.starts_with('?') {
            compared(&format!("{{k: [{value}, x], l: {value} }}\n"));
        }
    }
}

/// YAML 1.2 breaks lines only at LF and CR (section 5.4); these were breaks in YAML 1.1.
#[test]
fn separators_of_unicode_are_text_and_no_line_breaks() {
    for text in ["a\u{2028}b", "a\u{2029} b", "\u{2028}", "a\u{85}b"] {
        let (root, faults) = read(&format!("- '{text}'\n- {text}z\n"));
        assert!(faults.is_empty(), "{faults:?}");
        let wanted = serde_yaml::Value::Sequence(vec![text.into(), format!("{text}z").into()]);
        assert!(root.is_some_and(|root| agrees(&root, &wanted)), "{text:?}");
    }
}

proptest::proptest! {
    // The other writer uses YAML 1.1: it folds lines at U+2028 and U+2029, which are line breaks to it and not to us.
    #[test]
    fn any_text_survives_as_another_writer_writes_it(
        texts in proptest::collection::vec("[\\PC&&[^\u{2028}\u{2029}]]{0,20}|[ -~\n]{0,40}", 1..6), nested: bool
    ) {
        let value = serde_yaml::Value::Sequence(texts.iter().map(|t| t.as_str().into()).collect());
        let value = if nested { serde_yaml::to_value([("k", value)]).unwrap() } else { value };
        compared(&serde_yaml::to_string(&value).unwrap());
    }
}

#[test]
fn documents_of_other_programs_are_read_one_by_one() {
    let text = "\u{feff}# first\n%YAML 1.2\n---\na: !reference [x]\n--- # second\nb: [\n...\nc: &a 1\n---\nd: *a\n--- e\n---\n";
    let shown: Vec<String> = read_stream(text, |_| true)
        .iter()
        .map(|document| match &document.root {
            Ok(Some(root)) => text[root.span.start..root.span.end].to_owned(),
            Ok(None) => "nothing".to_owned(),
            Err(broken) => format!("{}: {}", &text[broken.at.start..broken.at.end], broken.why),
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    a: !reference [x]
    [: unclosed bracket '['
    c: &a 1
    *a: there is no anchor `&a` before this alias
    e
    ");
}

#[test]
fn documents_of_other_programs_are_nested_deeper_but_not_without_end() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let why = |text: &str| read_stream(text, |_| true).remove(0).root.err().map(|broken| broken.why);
    assert_eq!(why(&deep(100)), None);
    assert_eq!(why(&deep(101)).unwrap(), "nested deeper than 100 levels");
    let chain: String = (1..500).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    assert_eq!(why(&format!("a0: &a0 x\n{chain}")).unwrap(), "the aliases up to here nest more than 400 levels");
}
