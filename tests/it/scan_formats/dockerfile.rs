//! Dockerfiles.

use super::{check, mirrored};

/// A text in which `[[SOURCE:TAG]]` is what `--fix` rewrites: as it is, and as it is written.
fn both(text: &str) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for (index, part) in text.split("[[").enumerate() {
        let (reference, rest) = if index == 0 { ("", part) } else { part.split_once("]]").unwrap() };
        before.push_str(reference);
        before.push_str(rest);
        if let Some((source, tag)) = reference.rsplit_once(':') {
            after.push_str(&mirrored(source, tag));
        }
        after.push_str(rest);
    }
    (before, after)
}

#[track_caller]
fn fixes(path: &str, text: &str, found: &[&str]) {
    let (before, after) = both(text);
    check(path, &before, found, &after);
}

#[test]
fn a_service_that_is_built_for_several_platforms() {
    fixes(
        "services/api/Dockerfile",
        r#"# syntax=[[docker/dockerfile:1.7]]
# check=skip=all

ARG GO_IMAGE=[[golang:1.23-alpine]]
ARG XX="[[tonistiigi/xx:1.5.0]]"
ARG ALPINE_VERSION

FROM --platform=$BUILDPLATFORM ${XX} AS xx
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
COPY --from=xx / /
WORKDIR /src
RUN --mount=type=bind,target=. \
    --mount=type=cache,target=/root/.cache \
    # the client for the check below
    --mount=type=bind,from=[[alpine/curl:8.8.0]],source=/usr/bin,target=/curl \
    xx-go build -o /api ./cmd/api

FROM build AS test
RUN go test ./...

FROM alpine:${ALPINE_VERSION} AS debug
COPY --from=build /api /api

FROM binaries-${TARGETOS} AS other

FROM [[gcr.io/distroless/static-debian12:nonroot]]
COPY --link --from=build /api /api
HEALTHCHECK --interval=5s CMD ["/api", "--from=redis:7.2"]
ENTRYPOINT ["/api"]
"#,
        &[
            "1:10 docker/dockerfile:1.7 not-mirrored",
            "8:32 ${XX} not-mirrored",
            "9:32 ${GO_IMAGE} not-mirrored",
            "15:28 alpine/curl:8.8.0 not-mirrored",
            "21 alpine:${ALPINE_VERSION} ! the argument `ALPINE_VERSION` has no default",
            "24 binaries-${TARGETOS} ! the argument `TARGETOS` is set by the build",
            "26:6 gcr.io/distroless/static-debian12:nonroot not-mirrored",
        ],
    );
}

#[test]
fn a_site_with_here_documents_and_defaults() {
    fixes(
        "web/Containerfile",
        r#"ARG REGISTRY=
ARG NGINX_VERSION=1.27
ARG NODE
FROM ${NODE:-[[node:20.11-alpine]]} AS deps
RUN <<EOF
npm ci
FROM redis:7.2
EOF
COPY <<-"CONF" /etc/app.conf
	FROM=redis:7.2
	CONF

FROM deps AS build
COPY --from=0 /node_modules /node_modules
RUN npm run build

FROM ${REGISTRY}nginx:${NGINX_VERSION}
COPY --from=build /dist /usr/share/nginx/html
COPY --from="[[redis:7.2]]" /usr/local/bin/redis-cli /usr/bin/
COPY --from=$NODE /usr/bin/node /usr/bin/node
"#,
        &[
            "4:6 ${NODE:-node:20.11-alpine} not-mirrored",
            "17:6 ${REGISTRY}nginx:${NGINX_VERSION} not-mirrored",
            "19:14 redis:7.2 not-mirrored",
            "20 $NODE ! `COPY --from` expands no arguments",
        ],
    );
}

#[test]
fn a_base_that_was_written_on_windows() {
    let text = "\u{feff}# escape=`\r\n\r\nFROM `\r\n  # the smallest one\r\n  [[mcr.microsoft.com/windows/nanoserver:ltsc2022]] `\r\n  AS base\r\nCOPY app C:\\app\\\r\n\r\nfrom base\r\nONBUILD COPY --from=[[alpine/curl:8.8.0]] /usr/bin/curl C:\\\\bin\\\r\nONBUILD COPY --from=tools C:\\a C:\\b\r\nLABEL name=\"K\u{e4}se\"";
    fixes(
        "win/base.Dockerfile",
        text,
        &[
            "5:3 mcr.microsoft.com/windows/nanoserver:ltsc2022 not-mirrored",
            "10:21 alpine/curl:8.8.0 not-mirrored",
            "11 tools ! the file that builds on this one decides whether it is a stage or an image",
        ],
    );
}

#[test]
fn what_is_put_together_is_left_and_named() {
    fixes(
        "Dockerfile.parts",
        "ARG BASE=redis\nFROM $BASE:7.2 AS a\nFROM re\"dis\":7.2\nFROM [[redis:7.2]] AS nginx\nFROM nginx\n",
        &["2:6 $BASE:7.2 not-mirrored", "3:6 re\"dis\":7.2 not-mirrored", "4:6 redis:7.2 not-mirrored"],
    );
}

#[test]
fn bytes_that_are_not_utf_8_stay() {
    let world = super::world();
    let before = b"# caf\xe9\nFROM redis:7.2 AS a\xff\nFROM redis\xff:7.2\nLABEL a=\xff\xfe\n";
    world.write("Dockerfile", before);
    let found = super::scan(&world, &["--fix"]);
    assert_eq!(found["references"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["unresolved"].as_array().unwrap().len(), 1, "{found}");
    let mut expected = b"# caf\xe9\nFROM ".to_vec();
    expected.extend(mirrored("redis", "7.2").bytes());
    expected.extend(&before["# cafe\nFROM redis:7.2".len()..]);
    assert_eq!(std::fs::read(world.path("Dockerfile")).unwrap(), expected);
}
