//! Bake files in the shapes that projects and reports have.
#![allow(clippy::unwrap_used)]

use crate::references::found::{Findings, Site};

/// Each finding on a line: `text at the place -> image <literal to be rewritten>`, or `text at the place ? why`.
fn shown(text: &str, found: &Findings) -> Vec<String> {
    let references = found.references.iter().map(|reference| {
        let image = &reference.image;
        let tag = image.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = image.digest.as_ref().map(|_| "@digest").unwrap_or_default();
        let site = match &reference.site {
            Site::Literal(at) => format!("<{}>", &text[at.start..at.end]),
            Site::Parts(_) | Site::Composed => "composed".to_owned(),
            Site::Shared => "shared".to_owned(),
        };
        let name = image.name.to_string().replace("docker.io/library/", "");
        (reference.at, format!("{} -> {name}{tag}{digest} {site}", &text[reference.at.start..reference.at.end]))
    });
    let unresolved = found.unresolved.iter().map(|unresolved| {
        (unresolved.at, format!("{} ? {}", &text[unresolved.at.start..unresolved.at.end], unresolved.why))
    });
    let mut lines: Vec<_> = references.chain(unresolved).collect();
    lines.sort_by_key(|(at, _)| at.start);
    lines.into_iter().map(|(_, line)| line).collect()
}

#[track_caller]
fn hcl(text: &str, expected: &[&str]) {
    assert_eq!(shown(text, &super::hcl(text)), expected, "{text}");
    // The ends of lines change nothing but places.
    let windows = text.replace('\n', "\r\n");
    assert_eq!(shown(&windows, &super::hcl(&windows)).len(), expected.len(), "{windows}");
}

/// The contexts of one target.
#[track_caller]
fn contexts(text: &str, expected: &[&str]) {
    hcl(&format!("target \"app\" {{\n  contexts = {{\n    {text}\n  }}\n}}\n"), expected);
}

/// A variable and the contexts of one target.
#[track_caller]
fn with(before: &str, text: &str, expected: &[&str]) {
    hcl(&format!("{before}\ntarget \"app\" {{\n  contexts = {{ {text} }}\n}}\n"), expected);
}

#[test]
fn contexts_that_are_images() {
    let alpine = "alpine:3.13 -> alpine:3.13 <alpine:3.13>";
    // docker/buildx#926: named contexts of targets, in the documentation's shape.
    contexts("alpine = \"docker-image://alpine:3.13\"", &[alpine]);
    // docker/buildx#3153: keys with quotes, colons, comments, commas or none (docker/buildx#3177).
    contexts("\"golang:1.21\" = \"docker-image://alpine:3.13\" # why", &[alpine]);
    contexts("a: \"docker-image://alpine:3.13\",\n    b: \"../b\" // c\n", &[alpine]);
    contexts("/* a = \"docker-image://x\" */ a = (\"docker-image://alpine:3.13\"), b = \"target:base\"", &[alpine]);
    let digest = "a".repeat(64);
    contexts(
        &format!("a = \"docker-image://ghcr.io/acme/base:1@sha256:{digest}\""),
        &[&format!(
            "ghcr.io/acme/base:1@sha256:{digest} -> ghcr.io/acme/base:1@digest <ghcr.io/acme/base:1@sha256:{digest}>"
        )],
    );
    contexts("a = \"docker-image://localhost:5000/a\"", &["localhost:5000/a -> localhost:5000/a <localhost:5000/a>"]);
}

#[test]
fn contexts_that_are_none() {
    // docker/bake-action#435, docker/bake-action#333, docker/buildx#3670.
    contexts(
        "base = \"target:base\"\n    b = \"cwd://.bake-inputs\"\n    c = \"https://github.com/acme/a.git#main:dir\"",
        &[],
    );
    contexts("a = \"../alpine:3.13\"\n    b = \"oci-layout://./a:1\"\n    c = null\n    d = 3", &[]);
    // docker/buildx#1203: what else a target has names no image that is pulled.
    hcl(
        "target \"app\" {\n  inherits = [\"base\"]\n  tags = [\"docker.io/acme/app:1\"]\n  args = { BASE = \"alpine:3.19\" }\n  \
         cache-from = [\"type=registry,ref=acme/app:cache\"]\n  output = [\"type=image,name=acme/app\"]\n}\n\
         group \"default\" { targets = [\"app\"] }\n",
        &[],
    );
    // docker/metadata-action's target, and a file of comments.
    hcl("# a\n// b\n/** c */\ntarget \"docker-metadata-action\" {}\n", &[]);
    hcl("", &[]);
}

#[test]
fn variables_have_their_defaults() {
    // docker/buildx#1373: a variable is the whole context.
    let base = "variable \"BASE\" {\n  default = \"docker-image://alpine:3.19\"\n}";
    with(base, "a = \"${BASE}\"", &["${BASE} -> alpine:3.19 <alpine:3.19>"]);
    with(base, "a = BASE", &["BASE -> alpine:3.19 <alpine:3.19>"]);
    // updatecli/updatecli#1378: the default is what people update.
    let image = "variable \"IMAGE\" { default = \"alpine:3.19\" }";
    with(image, "a = \"docker-image://${IMAGE}\"", &["${IMAGE} -> alpine:3.19 <alpine:3.19>"]);
    with("IMAGE = \"alpine:3.19\"", "a = \"docker-image://${ IMAGE }\"", &["${ IMAGE } -> alpine:3.19 <alpine:3.19>"]);
    // docker/buildx#3542: versions in variables.
    let version = "variable \"V\" {\n  type = string\n  default = \"3.19\"\n}";
    with(version, "a = \"docker-image://alpine:${V}\"", &["alpine:${V} -> alpine:3.19 composed"]);
    with("variable \"V\" { default = 3 }", "a = \"docker-image://alpine:${V}\"", &["alpine:${V} -> alpine:3 composed"]);
    // jenkinsci/docker's file: defaults made of others.
    with(
        "variable \"R\" { default = \"quay.io\" }\nvariable \"B\" { default = \"${R}/acme/base\" }",
        "a = \"docker-image://${B}:1\"",
        &["${B}:1 -> quay.io/acme/base:1 composed"],
    );
    with(
        "variable \"A\" { default = \"alpine:3\" }\nvariable \"B\" { default = A }",
        "a = \"docker-image://${B}\"",
        &["${B} -> alpine:3 <alpine:3>"],
    );
    // The last of two, and a top-level attribute before both.
    with(
        &format!("{image}\nvariable \"IMAGE\" {{ default = \"b:2\" }}"),
        "a = \"docker-image://${IMAGE}\"",
        &["${IMAGE} -> b:2 <b:2>"],
    );
    with(&format!("IMAGE = \"c:3\"\n{image}"), "a = \"docker-image://${IMAGE}\"", &["${IMAGE} -> c:3 <c:3>"]);
}

#[test]
fn what_comes_from_outside_is_unresolved() {
    with(
        "variable \"TAG\" {}",
        "a = \"docker-image://alpine:${TAG}\"",
        &["alpine:${TAG} ? the variable `TAG` has no default"],
    );
    with("", "a = \"docker-image://${IMAGE}\"", &["${IMAGE} ? this file does not set `IMAGE`"]);
    // docker/buildx#1373 again: nobody knows whether that is an image.
    with(
        "variable \"BASE\" {}",
        "a = BASE, b = \"${BASE}\"",
        &["BASE ? the variable `BASE` has no default", "${BASE} ? the variable `BASE` has no default"],
    );
    // docker/buildx#671: a directory, whatever the variable is.
    with(
        "",
        "a = \"${BAKE_CMD_CONTEXT}/x\", b = \"./${DIR}\"",
        &["${BAKE_CMD_CONTEXT}/x ? this file does not set `BAKE_CMD_CONTEXT`"],
    );
    with(
        "",
        "a = format(\"docker-image://%s\", X)",
        &["format(\"docker-image://%s\", X) ? the function `format` is not evaluated"],
    );
    with(
        "",
        "a = \"docker-image://a:${lower(\"X\")}\"",
        &["a:${lower(\"X\")} ? the function `lower` is not evaluated"],
    );
    with("", "a = \"docker-image://a:${3 + 4}\"", &["a:${3 + 4} ? an expression is not evaluated"]);
    with(
        "",
        "a = \"docker-image://a%{ if X }:1%{ else }:2%{ endif }\"",
        &["a%{ if X }:1%{ else }:2%{ endif } ? a directive is not evaluated"],
    );
    with("", "a = target.base.contexts[\"x\"]", &["target.base.contexts[\"x\"] ? an expression is not evaluated"]);
    with(
        "variable \"A\" { default = \"${B}\" }\nvariable \"B\" { default = \"${A}\" }",
        "a = \"docker-image://${A}\"",
        &["${A} ? the variable `A` refers to itself"],
    );
    with(
        "variable \"A\" { default = \"Not An Image\" }",
        "a = \"docker-image://${A}\"",
        &["${A} ? not an image reference"],
    );
    with(
        "",
        "a = \"docker-image://\", b = \"docker-image://$${X}\"",
        &[" ? not an image reference", "$${X} ? not an image reference"],
    );
}

#[test]
fn a_matrix_hides_variables() {
    // docker/bake-action#435.
    hcl(
        "variable \"v\" { default = \"3.19\" }\ntarget \"app\" {\n  name = \"app-${v}\"\n  matrix = { v = [\"3.18\", \"3.19\"] }\n  \
         contexts = { a = \"docker-image://alpine:${v}\" }\n}\n\
         target \"other\" { contexts = { a = \"docker-image://alpine:${v}\" } }\n",
        &["alpine:${v} ? the matrix sets `v`", "alpine:${v} -> alpine:3.19 composed"],
    );
}

#[test]
fn conditions_and_merged_objects() {
    with(
        "",
        "a = X != \"\" ? \"docker-image://a:1\" : \"docker-image://b:2\"",
        &["a:1 -> a:1 <a:1>", "b:2 -> b:2 <b:2>"],
    );
    hcl(
        "target \"a\" {\n  contexts = merge({ a = \"docker-image://a:1\" }, X ? { b = \"docker-image://b:2\" } : {}, f(1)...)\n}\n",
        &["a:1 -> a:1 <a:1>", "b:2 -> b:2 <b:2>", "f(1) ? the function `f` is not evaluated"],
    );
    // docker/buildx#3557: maps that are used twice are one place.
    hcl(
        "C = {\n  a = \"docker-image://a:1\"\n}\ntarget \"a\" { contexts = C }\ntarget \"b\" {\n  contexts = merge(C, {})\n}\n",
        &["a:1 -> a:1 <a:1>"],
    );
    hcl(
        "target \"a\" { contexts = { for k, v in X : k => \"docker-image://${v}\" if v != null } }\n",
        &["{ for k, v in X : k => \"docker-image://${v}\" if v != null } ? an expression is not evaluated"],
    );
    hcl("target \"a\" { contexts = C }\n", &["C ? this file does not set `C`"]);
}

#[test]
fn the_rest_of_the_language_is_stepped_over() {
    let before = "function \"tag\" {\n  params = [v]\n  variadic_params = rest\n  result = [\"${v}:\\\"}\\u00e9\", -1 * !true ? {} : [for s in split(\",\", \"a\") : upper(s)]]\n}\n\
        variable \"L\" {\n  default = [1, 2.5e3, { x = [] },]\n  validation {\n    condition = L[0] >= 1 && L.*.x != [] || provider::f::g(1)\n    error_message = \"no\"\n  }\n}\n\
        T = <<-END\n  contexts = { a = \"docker-image://no:1\" ${upper(\"}\")} }\n  END\n";
    with(
        before,
        "a = \"docker-image://é.example/a:1\", b = \"docker-image://b:2\"",
        &["é.example/a:1 ? not an image reference", "b:2 -> b:2 <b:2>"],
    );
    with("\u{feff}X = 1", "b = \"docker-image://b:2\"", &["b:2 -> b:2 <b:2>"]);
    with("", "b = \"docker-image:\\u002f/b:2\"", &["b:2 -> b:2 <b:2>"]);
    with("", "b = \"docker-image://b\\u002fc:2\"", &["b\\u002fc:2 -> docker.io/b/c:2 <b\\u002fc:2>"]);
}

#[test]
fn what_is_not_hcl_is_said() {
    let why = "from here on this is not valid HCL";
    let first = "target \"a\" { contexts = { a = \"docker-image://a:1\" } }\n";
    hcl(&format!("{first}{{{{ template }}}}\n"), &["a:1 -> a:1 <a:1>", &format!("{{ ? {why}")]);
    for bad in [
        "x = <<END\n",
        "x = [1 2]\n",
        "x = {",
        "target \"b\" {",
        "x = \"${a\"",
        "x = a ? b",
        "x = \"\\q\"",
        "= 1",
        "x = 1 2",
        "}",
    ] {
        let text = format!("{first}{bad}");
        let lines = shown(&text, &super::hcl(&text));
        assert_eq!((lines.len(), lines[1].ends_with(why)), (2, true), "{bad}: {lines:?}");
    }
    let deep = format!("{first}x = {}", "[".repeat(100_000));
    assert_eq!(super::hcl(&deep).unresolved.len(), 1);
}

#[test]
fn variables_of_variables_cost_no_more_than_the_file() {
    let doubled: String = (1..60).map(|i| format!("V{i} = \"${{V{}}}${{V{}}}\"\n", i - 1, i - 1)).collect();
    let text =
        format!("V0 = \"aaaaaaaa\"\n{doubled}target \"a\" {{ contexts = {{ a = \"docker-image://${{V59}}\" }} }}\n");
    let found = super::hcl(&text);
    assert_eq!((found.references.len(), found.unresolved.len()), (0, 1));
    let chain: String = (1..5000).map(|i| format!("V{i} = V{}\n", i - 1)).collect();
    let text = format!("V0 = \"a\"\n{chain}target \"a\" {{ contexts = {{ a = \"docker-image://${{V4999}}\" }} }}\n");
    assert!(super::hcl(&text).unresolved[0].why.contains("too many others"));
}

#[track_caller]
fn json(text: &str, expected: &[&str]) {
    assert_eq!(shown(text, &super::json(text)), expected, "{text}");
}

#[test]
fn bake_in_json() {
    json(
        r#"{"target":{"app":{"contexts":{"a":"docker-image://alpine:3.13","b":"target:b"}}}}"#,
        &["alpine:3.13 -> alpine:3.13 <alpine:3.13>"],
    );
    // What `docker buildx bake --print` writes (emersion/bakah#2).
    json(
        "{\n  \"group\": {\"default\": {\"targets\": [\"a\"]}},\n  \"target\": {\n    \"a\": {\"context\": \".\", \"dockerfile\": \"Dockerfile\", \"tags\": [\"acme/a:1\"]}\n  }\n}\n",
        &[],
    );
    let base = r#""variable":{"BASE":{"default":"alpine:3.19"},"TAG":{}}"#;
    json(
        &format!(r#"{{{base},"target":{{"a":{{"contexts":{{"a":"docker-image://${{BASE}}"}}}}}}}}"#),
        &["${BASE} -> alpine:3.19 <alpine:3.19>"],
    );
    json(
        &format!(r#"{{"target":{{"a":{{"contexts":{{"a":"docker-image://b:${{TAG}}"}}}}}},{base}}}"#),
        &["b:${TAG} ? the variable `TAG` has no default"],
    );
    json(
        r#"{"target":{"a":{"contexts":{"a":"docker-image:\/\/acme\/b:1","c":"docker-image:\/\/a:${X}"}}}}"#,
        &[
            "acme\\/b:1 -> docker.io/acme/b:1 <acme\\/b:1>",
            "\"docker-image:\\/\\/a:${X}\" ? an expression is not evaluated",
        ],
    );
    json(
        r#"{"target":[{"a":[{"contexts":{"a":"docker-image://a:1"}}]},{"a":{"contexts":{"b":"docker-image://b:2"}}}]}"#,
        &["a:1 -> a:1 <a:1>", "b:2 -> b:2 <b:2>"],
    );
    json(
        r#"{"target":{"a":{"contexts":{"a":"docker-image://a:1"}},"a":{"contexts":{"a":"docker-image://b:2"}}}}"#,
        &["a:1 -> a:1 <a:1>", "b:2 -> b:2 <b:2>"],
    );
    json(
        r#"{"target":{"v":{"matrix":{"v":["1"]},"contexts":{"a":"docker-image://a:${v}"}}}}"#,
        &["a:${v} ? the matrix sets `v`"],
    );
    json("\u{feff}{\r\n\"target\":{\"a\":{\"contexts\":{\"a\":\"docker-image://a:1\"}}}}\r\n", &["a:1 -> a:1 <a:1>"]);
    json("{\"target\": ", &[" ? this is not valid JSON"]);
    json("[]", &[]);
}

#[test]
fn dockerfiles_in_targets() {
    let target = |text: &str| {
        format!("variable \"V\" {{ default = \"3.19\" }}\ntarget \"a\" {{\n  dockerfile-inline = {text}\n}}\n")
    };
    hcl(&target("\"FROM alpine:3.19\""), &["alpine:3.19 -> alpine:3.19 <alpine:3.19>"]);
    hcl(
        &target("<<EOT\nFROM alpine:3.19 AS a\nFROM a\nCOPY --from=busybox:1 /x /\nEOT"),
        &["alpine:3.19 -> alpine:3.19 <alpine:3.19>", "busybox:1 -> busybox:1 <busybox:1>"],
    );
    hcl(&target("<<-EOT\n    FROM alpine:${V}\n    RUN echo ${X}\n    EOT"), &["alpine:${V} -> alpine:3.19 composed"]);
    hcl(&target("<<EOT\nFROM alpine:${X}\nEOT"), &["alpine:${X} ? this file does not set `X`"]);
    hcl(&target("\"ARG B=alpine:3\\nFROM $${B}\\n\""), &["$${B} -> alpine:3 <alpine:3>"]);
    hcl(&target("X ? \"FROM a:1\" : \"FROM b:2\""), &["a:1 -> a:1 <a:1>", "b:2 -> b:2 <b:2>"]);
    hcl(&target("f()"), &["f() ? the function `f` is not evaluated"]);
    json(
        r#"{"target":{"a":{"dockerfile-inline":"FROM alpine:3.19\nRUN x \\\n && y\n"}}}"#,
        &["alpine:3.19 -> alpine:3.19 <alpine:3.19>"],
    );
}

#[test]
fn a_variable_that_is_more_than_an_image_is_left() {
    let image = "variable \"IMAGE\" { default = \"alpine:3.19\" }";
    let context = "a = \"docker-image://${IMAGE}\"";
    let (shared, whole) = ("${IMAGE} -> alpine:3.19 shared", "${IMAGE} -> alpine:3.19 <alpine:3.19>");
    for other in [
        "target \"b\" { args = { BASE = IMAGE } }",
        "target \"b\" { tags = [\"acme/b:${IMAGE}\"] }",
        "target \"b\" { labels = { base = upper(IMAGE) } }",
        "target \"b\" { args = { BASE = IMAGE == \"\" ? \"a\" : \"b\" } }",
        "target \"b\" { args = { BASE = IMAGE + 1 } }",
        "target \"b\" { args = { BASE = \"%{ if IMAGE }a%{ endif }\" } }",
        "target \"b\" { args = { (IMAGE) = 1 } }",
        "OTHER = IMAGE\ntarget \"b\" { args = { BASE = OTHER } }",
        "group \"default\" { description = IMAGE }",
        "function \"f\" {\n  params = []\n  result = \"${IMAGE}\"\n}",
    ] {
        with(&format!("{image}\n{other}"), context, &[shared]);
    }
    for other in [
        "",
        "target \"b\" { args = { BASE = \"IMAGE\", MY_IMAGE = IMAGES } }",
        "target \"b\" { contexts = { c = \"../c\" } }",
        "# IMAGE\nOTHER = IMAGE",
    ] {
        with(&format!("{image}\n{other}"), context, &[whole]);
    }
    // Two images: both change.
    with(image, &format!("{context}, b = \"docker-image://${{IMAGE}}\""), &[whole, whole]);
    with(
        &format!("{image}\nOTHER = IMAGE"),
        "a = \"docker-image://${OTHER}\"",
        &["${OTHER} -> alpine:3.19 <alpine:3.19>"],
    );
}

/// As HCL's own evaluation shows them in a string.
#[test]
fn numbers_lose_the_zeros_that_change_nothing() {
    for (written, found) in [
        ("7", "redis:${V} -> redis:7 composed"),
        ("7.20", "redis:${V} -> redis:7.2 composed"),
        ("7.0", "redis:${V} -> redis:7 composed"),
        ("007", "redis:${V} -> redis:7 composed"),
        ("0.50", "redis:${V} -> redis:0.5 composed"),
        ("\"7.20\"", "redis:${V} -> redis:7.20 composed"),
        ("1e3", "redis:${V} ? a number with an exponent is not evaluated"),
        ("null", "redis:${V} ? the variable `V` has no default"),
        ("true", "redis:${V} -> redis:true composed"),
    ] {
        with(&format!("variable \"V\" {{ default = {written} }}"), "a = \"docker-image://redis:${V}\"", &[found]);
    }
}
