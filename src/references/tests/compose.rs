use super::{Case, check};
use crate::references::{Format, changes_only, find, rewrite};

#[test]
fn what_compose_files_name() {
    check(Format::Compose, &SERVICES);
}

const SERVICES: [Case; 25] = [
    Case { text: "services:\n  db:\n    image: redis:7.2\n", found: &["redis:7.2 = docker.io/library/redis:7.2"] },
    Case {
        text: "services:\n  db:\n    image: \"redis:7.2\" # cache\n",
        found: &["redis:7.2 = docker.io/library/redis:7.2"],
    },
    Case {
        text: "services: { db: { image: 'quay.io/a/b:1', ports: [] } }\n",
        found: &["quay.io/a/b:1 = quay.io/a/b:1"],
    },
    Case {
        text: "redis:\n  image: quay.io/something/redis:alpine\nvote:\n  build: ./vote\n",
        found: &["quay.io/something/redis:alpine = quay.io/something/redis:alpine"],
    },
    Case { text: "version: '3'\nservices:\n  web:\n    build: .\n    image: mine:dev\n", found: &[] },
    Case { text: "services:\n  web:\n    build:\n    image: redis\n", found: &["redis = docker.io/library/redis"] },
    Case { text: "services:\n  web:\n    image: >-\n      redis:7\n", found: &["redis:7 = docker.io/library/redis:7"] },
    Case {
        text: "services:\n  web:\n    image: \"redis\\x3a7\"\n",
        found: &["redis\\x3a7 = docker.io/library/redis:7 composed"],
    },
    Case {
        text: "services:\n  web:\n    image: Redis:7\n",
        found: &["Redis:7: not an image reference: a repository has no upper case letters"],
    },
    Case { text: "services:\n  web:\n    image: \"\"\n  db:\n    image:\n", found: &[] },
    Case {
        text: "services:\n  web:\n    environment:\n      image: redis:7\n    labels: [ 'image=redis' ]\n",
        found: &[],
    },
    Case { text: "services:\n  web:\n\timage: redis\n", found: &["\t: not valid YAML: a tab is used to indent"] },
    Case { text: "services:\n  web: {}\nconfigs:\n  c:\n    content: |\n      image: redis:7\n", found: &[] },
    Case {
        text: "services:\n  a: !override\n    image: !!str redis:7\n  b:\n    image: !reset null\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "# a\n---\nservices:\n  a:\n    image: redis:7\n---\nservices:\n  b:\n    image: nginx\n",
        found: &["redis:7 = docker.io/library/redis:7", "nginx = docker.io/library/nginx"],
    },
    Case {
        text: "models:\n  llm:\n    model: ai/smollm2\nservices:\n  a:\n    provider: { type: awesomecloud }\n    models: [llm]\n    # image: old\n",
        found: &[],
    },
    Case {
        text: "services:\n  a:\n    build: .\n    pre_start:\n      - command: ./migrate\n      - image: busybox:1.36\n        command: chown\n",
        found: &["busybox:1.36 = docker.io/library/busybox:1.36"],
    },
    Case {
        text: "services:\n  a:\n    build: .\n    volumes:\n      - ./x:/y\n      - type: image\n        source: busybox:1.36\n        target: /b\n      - { type: volume, source: data }\n",
        found: &["busybox:1.36 = docker.io/library/busybox:1.36"],
    },
    Case {
        text: "services:\n  a:\n    build:\n      context: .\n      additional_contexts:\n        base: docker-image://redis:7\n        other: service:b\n        src: https://example.com/x.git\n      cache_from:\n        - type=registry,ref=a/b:cache\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "services:\n  a:\n    build:\n      additional_contexts:\n        - base=docker-image://${BASE:-redis:7}\n        - app=./app\n",
        found: &["${BASE:-redis:7} = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "services:\n  a:\n    image: registry.example.com:5000/a/b\n    deploy:\n      replicas: 2\n",
        found: &["registry.example.com:5000/a/b = registry.example.com:5000/a/b"],
    },
    Case {
        text: "services:\n  a:\n    image: redis@sha256:eed4da4937cb562e9005f3c66eb8c3abc14bb95ad497c03dc89d66bcd172fc7f\n",
        found: &[
            "redis@sha256:eed4da4937cb562e9005f3c66eb8c3abc14bb95ad497c03dc89d66bcd172fc7f = docker.io/library/redis@sha256:eed",
        ],
    },
    Case { text: "services:\n  a:\n    image: {{ image }}\n", found: &["{{ image }}: a template"] },
    Case {
        text: "services:\n  a:\n    image: \"{{ registry }}/app:${TAG}\"\n",
        found: &["{{ registry }}/app:${TAG}: a template"],
    },
    Case {
        text: "services:\n{% for n in nodes %}\n  a{{ n }}:\n    image: redis:7\n{% endfor %}\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
];

#[test]
fn what_interpolation_makes_of_an_image() {
    let one = |image: &str, found: &str| {
        let text = format!("services:\n  a:\n    image: {image}\n");
        let shown = super::shown(Format::Compose, &text);
        assert_eq!(shown, if found.is_empty() { Vec::new() } else { vec![found.to_owned()] }, "{text}");
        super::rewritten(Format::Compose, &text);
    };
    for (image, found) in [
        ("${IMAGE}", "${IMAGE}: `IMAGE` has no default in this file"),
        ("$IMAGE", "$IMAGE: `IMAGE` has no default in this file"),
        ("redis:$TAG", "redis:$TAG: `TAG` has no default in this file"),
        ("${IMAGE:-redis:7}", "${IMAGE:-redis:7} = docker.io/library/redis:7 <- redis:7"),
        ("${IMAGE-redis:7}", "${IMAGE-redis:7} = docker.io/library/redis:7 <- redis:7"),
        ("'${IMAGE:-redis:7}'", "${IMAGE:-redis:7} = docker.io/library/redis:7 <- redis:7"),
        ("redis:${TAG:-7}", "redis:${TAG:-7} = docker.io/library/redis:7 composed"),
        ("${REGISTRY-docker.io}/a/b:${TAG:-1}", "${REGISTRY-docker.io}/a/b:${TAG:-1} = docker.io/a/b:1 composed"),
        ("${PREFIX-}redis:7", "${PREFIX-}redis:7 = docker.io/library/redis:7 <- redis:7"),
        ("redis:7${SUFFIX:+-alpine}", "redis:7${SUFFIX:+-alpine} = docker.io/library/redis:7 <- redis:7"),
        ("${A:-${B:-redis:7}}", "${A:-${B:-redis:7}} = docker.io/library/redis:7 <- redis:7"),
        ("${A:-${B}}", "${A:-${B}}: `B` has no default in this file"),
        ("${A:-redis}:${B:-7}", "${A:-redis}:${B:-7} = docker.io/library/redis:7 composed"),
        ("${TAG:?set it}", "${TAG:?set it}: `TAG` has no default in this file"),
        ("redis:${TAG?set it}", "redis:${TAG?set it}: `TAG` has no default in this file"),
        ("${A:+redis}", "${A:+redis}: empty unless a variable is set elsewhere"),
        ("${A:-}", "${A:-}: empty unless a variable is set elsewhere"),
        ("redis:$$TAG", "redis:$$TAG: not an image reference"),
        ("${}", "${}: not an image reference"),
        ("${A:-redis", "${A:-redis: not an image reference"),
        ("redis:$", "redis:$: not an image reference"),
        ("redis:${A/x/y}", "redis:${A/x/y}: not an image reference"),
        ("\"${A:-redis\\x3a7}\"", "${A:-redis\\x3a7} = docker.io/library/redis:7 composed"),
    ] {
        one(image, found);
    }
    one(
        &format!("{}redis{}", "${A:-".repeat(17), "}".repeat(17)),
        &format!("{}redis{}: not an image reference", "${A:-".repeat(17), "}".repeat(17)),
    );
}

#[test]
fn fragments_count_where_they_are_used() {
    check(Format::Compose, &FRAGMENTS);
}

const FRAGMENTS: [Case; 25] = [
    // dependabot/dependabot-core#3189
    Case {
        text: "version: '3.0'\nservices:\n  database:\n    image: 'mysql:8.0.23' # updates?\n",
        found: &["mysql:8.0.23 = docker.io/library/mysql:8.0.23"],
    },
    Case {
        text: "x-image: &i redis:7\nservices:\n  a:\n    image: *i\n",
        found: &["*i = docker.io/library/redis:7 <- redis:7"],
    },
    Case { text: "x-image: redis:7\nx-app: { image: redis:7 }\nservices: {}\n", found: &[] },
    Case {
        text: "x-app: &a\n  image: redis:7\nservices:\n  a:\n    <<: *a\n  b:\n    <<: *a\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case { text: "x-app: &a\n  image: redis:7\nservices:\n  a: *a\n", found: &["redis:7 = docker.io/library/redis:7"] },
    Case {
        text: "x-app: &a\n  image: redis:7\nservices:\n  a:\n    <<: *a\n    image: nginx\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "x-app: &a\n  image: redis:7\nservices:\n  a:\n    image: nginx\n    <<: *a\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "x-a: &a\n  image: redis:7\nx-b: &b\n  image: nginx\nservices:\n  a:\n    <<: [*b, *a]\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "x-a: &a\n  image: redis:7\nx-b: &b\n  <<: *a\nservices:\n  a:\n    <<: *b\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case { text: "x-a: &a\n  build: .\nservices:\n  a:\n    <<: *a\n    image: mine\n", found: &[] },
    Case {
        text: "x-a: &a { image: '${I:-redis:7}' }\nservices:\n  a:\n    <<: *a\n",
        found: &["${I:-redis:7} = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "x-i: &i ${I:-redis:7}\nservices:\n  a:\n    image: *i\n",
        found: &["*i = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "x-i: &i 'redis:7'\nservices:\n  a:\n    image: *i\n  b:\n    image: *i\n",
        found: &["*i = docker.io/library/redis:7 <- redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "services:\n  a: &a\n    image: redis:7\n  b:\n    <<: *a\n    command: x\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "services:\n  a:\n    image: &i redis:7\n  b:\n    image: *i\n",
        found: &["redis:7 = docker.io/library/redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "services:\n  a:\n    image: redis:7\n  b:\n    extends: a\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "services:\n  a:\n    build: .\n  b:\n    extends:\n      service: a\n    image: mine:1\n",
        found: &[],
    },
    Case {
        text: "services:\n  b:\n    extends:\n      file: common.yml\n      service: a\n    image: redis:7\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "services:\n  a:\n    extends: b\n    image: redis\n  b:\n    extends: a\n",
        found: &["redis = docker.io/library/redis"],
    },
    Case {
        text: "services:\n  a:\n    extends: gone\n    image: redis\n",
        found: &["redis = docker.io/library/redis"],
    },
    Case {
        text: "include:\n  - other.yml\nservices:\n  a:\n    image: redis\n",
        found: &["redis = docker.io/library/redis"],
    },
    Case {
        text: "services:\n  a:\n    image: *gone\n",
        found: &["*gone: not valid YAML: there is no anchor `&gone` before this alias"],
    },
    Case {
        text: "services:\n  a: &a\n    image: redis\n    x: *a\n",
        found: &["*a: not valid YAML: this alias is inside the node that it refers to"],
    },
    Case {
        text: "services:\n  a:\n    image: &i redis:7\n    environment:\n      IMAGE: *i\n",
        found: &["redis:7 = docker.io/library/redis:7 shared"],
    },
    Case {
        text: "x-s: &s\n  a:\n    image: redis\nservices:\n  <<: *s\n  b:\n    image: nginx\n",
        found: &["redis = docker.io/library/redis", "nginx = docker.io/library/nginx"],
    },
];

/// Docker Compose refuses such a file, and so does the reader that edits are checked with.
#[test]
fn a_key_that_stands_twice_is_not_rewritten() {
    let text = "services:\n  a:\n    image: redis:6\n    image: redis:7\n";
    assert_eq!(super::shown(Format::Compose, text), ["redis:7 = docker.io/library/redis:7"]);
    let edits = rewrite(text, &find(Format::Compose, text).references[0].site, &super::replacement());
    assert!(!changes_only(Format::Compose, text, &super::applied(text, &edits), &edits));
}

#[test]
fn a_dockerfile_in_a_compose_file_is_read() {
    let inline = |dockerfile: &str| {
        format!("services:\n  a:\n    build:\n      dockerfile_inline: {dockerfile}\n    ports: []\n")
    };
    for (dockerfile, found) in [
        (
            "|\n        FROM redis:7 AS base\n\n        RUN echo $$PATH ${X}\n        COPY --from=busybox:1.36 /a /b\n        FROM base",
            &["redis:7 = docker.io/library/redis:7", "busybox:1.36 = docker.io/library/busybox:1.36"][..],
        ),
        ("|-\n        FROM redis:${TAG}", &["FROM redis:${TAG}: a Dockerfile with variables of Compose in it"]),
        ("\"FROM redis:7\\n\"", &["\"FROM redis:7\\n\": a Dockerfile that is not written as a block"]),
        ("FROM redis:7", &["FROM redis:7: a Dockerfile that is not written as a block"]),
        (">\n        FROM redis:7", &["FROM redis:7: a Dockerfile that is not written as a block"]),
        ("|2\n          FROM redis:7", &[]),
    ] {
        let text = inline(dockerfile);
        for text in [text.replace('\n', "\r\n"), text] {
            let shown = super::shown(Format::Compose, &text);
            if !dockerfile.starts_with("|2") {
                assert_eq!(shown, found, "{text}");
            }
            super::rewritten(Format::Compose, &text);
        }
    }
}

/// Bytes that are not UTF-8 come as placeholders: in a comment or elsewhere they hide no image, and a reference with one is none.
#[test]
fn bytes_that_are_not_utf8_hide_nothing_else() {
    let text =
        "# caf\u{1a}\nservices:\n  a:\n    image: redis:7\n    labels: [ '\u{1a}' ]\n  b:\n    image: red\u{1a}s\n";
    assert_eq!(
        super::shown(Format::Compose, text),
        ["redis:7 = docker.io/library/redis:7", "red\u{1a}s: not an image reference"]
    );
    super::rewritten(Format::Compose, text);
}

#[test]
fn a_dockerfile_behind_an_alias_is_read_where_it_stands() {
    let text = "x-d: &d |\n  FROM redis:7\nservices:\n  a:\n    build:\n      dockerfile_inline: *d\n";
    assert_eq!(super::shown(Format::Compose, text), ["redis:7 = docker.io/library/redis:7"]);
    super::rewritten(Format::Compose, text);
}
