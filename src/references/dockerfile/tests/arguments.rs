use super::names;

#[test]
fn a_whole_image_stands_in_a_default() {
    // hadolint/hadolint#219, hadolint/hadolint#858, renovatebot/renovate#29872
    names(
        "ARG BASE_IMAGE=alpine:3.7\nFROM $BASE_IMAGE\n",
        &["2 $BASE_IMAGE = docker.io/library/alpine:3.7 <- 1 alpine:3.7"],
    );
    // moby/buildkit#717
    names(
        "ARG baseImage=\"node:10\"\nFROM ${baseImage}\n",
        &["2 ${baseImage} = docker.io/library/node:10 <- 1 node:10"],
    );
    // dependabot/dependabot-core#10190
    names(
        "ARG ARCH=amd64\nARG BASE_IMAGE=gcr.io/distroless/static-debian12:nonroot\nFROM --platform=linux/${ARCH} ${BASE_IMAGE}\n",
        &["3 ${BASE_IMAGE} = gcr.io/distroless/static-debian12:nonroot <- 2 gcr.io/distroless/static-debian12:nonroot"],
    );
    // hadolint/hadolint#979: one default for two stages
    names(
        "ARG BASE_IMAGE_NAME=\"registry/my-base:1.2.3\"\nFROM ${BASE_IMAGE_NAME} AS builder\nFROM ${BASE_IMAGE_NAME}\nCOPY --from=builder blah-blah .\n",
        &[
            "2 ${BASE_IMAGE_NAME} = docker.io/registry/my-base:1.2.3 <- 1 registry/my-base:1.2.3",
            "3 ${BASE_IMAGE_NAME} = docker.io/registry/my-base:1.2.3 <- 1 registry/my-base:1.2.3",
        ],
    );
    names("ARG A='redis:7'\nARG B=${A}\nFROM \"$B\"\n", &["3 $B = docker.io/library/redis:7 <- 1 redis:7"]);
    names("ARG\tA=redis:7\nFROM\t$A\tAS\tx\n", &["2 $A = docker.io/library/redis:7 <- 1 redis:7"]);
}

#[test]
fn an_image_is_put_together_from_several_places() {
    // renovatebot/renovate#5626
    names(
        "ARG IMAGE_TAG=10.1\nFROM node:${IMAGE_TAG}\nARG IMAGE_TAG\nLABEL version=\"${IMAGE_TAG}\"\n",
        &["2 node:${IMAGE_TAG} = docker.io/library/node:10.1 (composed)"],
    );
    // renovatebot/renovate#13425, dependabot/dependabot-core#4725
    names(
        "ARG DOCKER_REGISTRY=my.private.registry.com\nFROM ${DOCKER_REGISTRY}/my-image:1.2.3\n",
        &["2 ${DOCKER_REGISTRY}/my-image:1.2.3 = my.private.registry.com/my-image:1.2.3 (composed)"],
    );
    // dependabot/dependabot-core#4597
    names(
        "ARG HUB=docker.io\nFROM ${HUB}/docker:20.10.7-dind\n",
        &["2 ${HUB}/docker:20.10.7-dind = docker.io/library/docker:20.10.7-dind (composed)"],
    );
    // renovatebot/config-help#562
    names(
        "ARG POSTGRES_VERSION=11.5\n\nFROM postgres:${POSTGRES_VERSION}-alpine AS postgres\n\nCOPY psqlrc /root/.psqlrc\nHEALTHCHECK --interval=5s --timeout=3s \\\n        CMD health-check.sh --from=nginx\n",
        &["3 postgres:${POSTGRES_VERSION}-alpine = docker.io/library/postgres:11.5-alpine (composed)"],
    );
    // open-telemetry/build-tools#128
    names(
        "ARG ALPINE_VERSION=3.12\nARG PYTHON_VERSION=3.8.5\n\nFROM python:${PYTHON_VERSION}-alpine${ALPINE_VERSION}\n",
        &["4 python:${PYTHON_VERSION}-alpine${ALPINE_VERSION} = docker.io/library/python:3.8.5-alpine3.12 (composed)"],
    );
    // renovatebot/renovate#44497: an empty default, rewriting what follows would leave it in front
    for quotes in ["''", "\"\"", ""] {
        names(
            &format!("ARG MIRROR={quotes}\nARG V=21\nFROM ${{MIRROR}}node:${{V}}-alpine\nFROM ${{MIRROR}}node:21\n"),
            &[
                "3 ${MIRROR}node:${V}-alpine = docker.io/library/node:21-alpine (composed)",
                "4 ${MIRROR}node:21 = docker.io/library/node:21 (composed)",
            ],
        );
    }
    // updatecli/updatecli#2022
    names(
        "ARG DEBIAN_VERSION=stable-slim\nFROM --platform=${BUILDPLATFORM} debian:${DEBIAN_VERSION}\n",
        &["2 debian:${DEBIAN_VERSION} = docker.io/library/debian:stable-slim (composed)"],
    );
}

#[test]
fn a_default_that_more_depends_on_is_not_rewritten() {
    names(
        "ARG IMAGE=redis\nFROM $IMAGE\nFROM $IMAGE:7\n",
        &["2 $IMAGE = docker.io/library/redis (composed)", "3 $IMAGE:7 = docker.io/library/redis:7 (composed)"],
    );
    names(
        "ARG BASE=redis\nFROM $BASE\nFROM debian:12 AS redis\nFROM $BASE\n",
        &["2 $BASE = docker.io/library/redis (composed)", "3 debian:12 = docker.io/library/debian:12"],
    );
    names(
        "ARG V=redis:7.2\nFROM $V\nFROM ${V%.2}\n",
        &["2 $V = docker.io/library/redis:7.2 (composed)", "3 ${V%.2} ! a pattern changes the argument `V`"],
    );
    names(
        "ARG A=redis\nARG B=$A:${TAG}\nARG C=$A\nFROM $C\nFROM $B\n",
        &[
            "4 $C = docker.io/library/redis (composed)",
            "5 $B ! the argument `TAG` is not declared before the first FROM",
        ],
    );
}

#[test]
fn defaults_stand_in_substitutions() {
    // hadolint/hadolint#339
    names(
        "ARG BASE_IMAGE\nFROM ${BASE_IMAGE:-debian:9}\n",
        &["2 ${BASE_IMAGE:-debian:9} = docker.io/library/debian:9 <- 2 debian:9"],
    );
    names("ARG A\nFROM ${A-debian:9}\n", &["2 ${A-debian:9} = docker.io/library/debian:9 <- 2 debian:9"]);
    names("ARG A=\nFROM ${A:-debian:9}\n", &["2 ${A:-debian:9} = docker.io/library/debian:9 <- 2 debian:9"]);
    names("ARG A=\nFROM ${A-debian:9}\n", &["2 ${A-debian:9} ! not an image reference"]);
    names("ARG A=redis:7\nFROM ${A:-debian:9}\n", &["2 ${A:-debian:9} = docker.io/library/redis:7 <- 1 redis:7"]);
    // moby/moby#32486
    names(
        "ARG CODE_VERSION\nFROM base:${CODE_VERSION:-latest}\n",
        &["2 base:${CODE_VERSION:-latest} = docker.io/library/base:latest (composed)"],
    );
    names(
        "ARG A\nARG B\nFROM ${A:-${B:-\"redis:7\"}}\n",
        &["3 ${A:-${B:-\"redis:7\"}} = docker.io/library/redis:7 <- 3 redis:7"],
    );
    names(
        "ARG REGISTRY\nFROM ${REGISTRY:+$REGISTRY/}redis:7\n",
        &["2 ${REGISTRY:+$REGISTRY/}redis:7 = docker.io/library/redis:7 (composed)"],
    );
    names(
        "ARG REGISTRY=ghcr.io\nFROM ${REGISTRY:+$REGISTRY/}acme/redis:7\n",
        &["2 ${REGISTRY:+$REGISTRY/}acme/redis:7 = ghcr.io/acme/redis:7 (composed)"],
    );
    names("ARG A=x\nFROM ${A:+redis:7}\n", &["2 ${A:+redis:7} = docker.io/library/redis:7 <- 2 redis:7"]);
    names("ARG A=redis:7\nFROM ${A:?set it}\n", &["2 ${A:?set ! the substitution is not valid"]);
    names("ARG A=redis:7\nFROM ${A:?set-it}\n", &["2 ${A:?set-it} = docker.io/library/redis:7 <- 1 redis:7"]);
    names("ARG A\nFROM ${A?}\n", &["2 ${A?} ! the argument `A` has no default"]);
    names("FROM ${A:-redis:7}\n", &["1 ${A:-redis:7} = docker.io/library/redis:7 <- 1 redis:7"]);
}

#[test]
fn what_comes_from_outside_is_named() {
    // moby/moby#32457
    names("ARG myfrom\nFROM ${myfrom}\n", &["2 ${myfrom} ! the argument `myfrom` has no default"]);
    // rapidsai/ci-imgs#108
    names("ARG YQ\nFROM mikefarah/yq:${YQ} as yq\n", &["2 mikefarah/yq:${YQ} ! the argument `YQ` has no default"]);
    // moby/buildkit#5178
    names(
        "ARG baseimage\nARG distro\nARG ${distro}=\" \"\n\nFROM $baseimage AS base_image\nARG distro\n",
        &["5 $baseimage ! the argument `baseimage` has no default"],
    );
    // moby/moby#31352: an empty tag is no tag
    names("FROM foo:$tag\n", &["1 foo:$tag ! the argument `tag` is not declared before the first FROM"]);
    names("ARG A\nARG B=x$A\nFROM r:${B:-y}\n", &["3 r:${B:-y} ! the argument `A` has no default"]);
    names("ARG A\nARG B=$A\nFROM r:${B:-y}\n", &["3 r:${B:-y} = docker.io/library/r:y (composed)"]);
    names("FROM base-${TARGETARCH}\n", &["1 base-${TARGETARCH} ! the argument `TARGETARCH` is set by the build"]);
    names(
        "ARG TARGETARCH=amd64\nFROM r:${TARGETARCH}\n",
        &["2 r:${TARGETARCH} = docker.io/library/r:amd64 (composed)"],
    );
    names("ARG TARGETARCH\nFROM r:$TARGETARCH\n", &["2 r:$TARGETARCH ! the argument `TARGETARCH` is set by the build"]);
    names("FROM --platform=$BUILDPLATFORM redis:7\n", &["1 redis:7 = docker.io/library/redis:7"]);
    for pattern in ["${V#v}", "${V##v}", "${V%.1}", "${V/v/}", "${V//v/x}"] {
        let why = format!("2 r:{pattern} ! a pattern changes the argument `V`");
        names(&format!("ARG V=v1.1\nFROM r:{pattern}\n"), &[&why]);
    }
}

#[test]
fn arguments_count_from_where_they_are_declared() {
    // dependabot/dependabot-core#14971
    names(
        "FROM docker.io/nixos/nix:2.34.5 AS nix\nARG UPDATER=ghcr.io/dependabot/dependabot-updater-core\nFROM ${UPDATER}\n",
        &[
            "1 docker.io/nixos/nix:2.34.5 = docker.io/nixos/nix:2.34.5",
            "3 ${UPDATER} ! the argument `UPDATER` is not declared before the first FROM",
        ],
    );
    // hadolint/hadolint#339, in the comments
    names(
        "ARG TOGETHER=foo.com/image:tag\nFROM $TOGETHER\n\nARG IMAGE=foo.com/image\nARG VERSION=tag\nFROM $IMAGE:$VERSION\n\nFROM foo.com/image:tag\n",
        &[
            "2 $TOGETHER = foo.com/image:tag <- 1 foo.com/image:tag",
            "6 $IMAGE:$VERSION ! the argument `IMAGE` is not declared before the first FROM",
            "8 foo.com/image:tag = foo.com/image:tag",
        ],
    );
    names("ARG A=redis:6\nARG A=redis:7\nFROM $A\n", &["3 $A = docker.io/library/redis:7 <- 2 redis:7"]);
    names("ARG A=redis:7\nARG A\nFROM $A\n", &["3 $A = docker.io/library/redis:7 <- 1 redis:7"]);
    names("ARG A=redis\nARG A=$A:7\nFROM $A\n", &["3 $A = docker.io/library/redis:7 (composed)"]);
    names("ARG B=$A\nARG A=redis:7\nFROM $B\n", &["3 $B ! the argument `A` is not declared before the first FROM"]);
    names("ARG a=redis:7\nFROM $A\n", &["2 $A ! the argument `A` is not declared before the first FROM"]);
    // rapidsai/ci-imgs#108: values that are to be replaced look like any others
    names("ARG V=notset\nFROM r:$V\n", &["2 r:$V = docker.io/library/r:notset (composed)"]);
}

#[test]
fn one_instruction_declares_several() {
    // devcontainers/cli#1286
    names(
        "ARG VERSION_UNUSED=x \\\n    VERSION_BASE=latest\nFROM alpine:${VERSION_BASE}\n",
        &["3 alpine:${VERSION_BASE} = docker.io/library/alpine:latest (composed)"],
    );
    // hadolint/hadolint#885
    names(
        "ARG nextflow_ver=\"21.10.6\" \\\n    base=\"ubuntu:20.04\" \\\n    # the last one\n    pangolin_ver=\"v4.1.2\"\nFROM $base\n",
        &["5 $base = docker.io/library/ubuntu:20.04 <- 2 ubuntu:20.04"],
    );
    // mthalman/DockerfileModel#288
    names("ARG MY_VAR=\\\n    redis:7\nFROM r$MY_VAR:1\n", &["3 r$MY_VAR:1 = docker.io/library/r:1 (composed)"]);
    names(
        "ARG A B=redis:7 C\nFROM $B\nFROM $C\n",
        &["2 $B = docker.io/library/redis:7 <- 1 redis:7", "3 $C ! the argument `C` has no default"],
    );
    names("ARG A=\"x y\" B='redis:7' # B is the base\nFROM $B\n", &["2 $B = docker.io/library/redis:7 <- 1 redis:7"]);
}

#[test]
fn quotes_and_escapes_are_removed() {
    names("FROM \"redis:7\"\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("FROM 'redis:7' AS x\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("FROM red\"is\":7\n", &["1 red\"is\":7 = docker.io/library/redis:7 (composed)"]);
    names("FROM re\\dis:7\n", &["1 re\\dis:7 = docker.io/library/redis:7 (composed)"]);
    names("ARG A=redis:7\nFROM '$A'\n", &["2 $A ! not an image reference"]);
    names("ARG A=redis:7\nFROM \\$A\n", &["2 \\$A ! not an image reference"]);
    names("FROM \"redis:7\n", &["1 \"redis:7 ! a quote is not closed"]);
    names("ARG A=\"redis:7\nFROM $A\n", &["2 $A ! a quote is not closed"]);
    for invalid in ["${", "${}", "${{X}}", "${X", "${X@Q}", "${:X}", "${X:#y}", "${X:-y"] {
        let why = if invalid.contains("{{") { "a template fills this in" } else { "the substitution is not valid" };
        names(&format!("FROM {invalid}\n"), &[&format!("1 {invalid} ! {why}")]);
    }
    let deep = format!("{}redis{}", "${A:-".repeat(40), "}".repeat(40));
    names(&format!("FROM {deep}\n"), &[&format!("1 {deep} ! the substitutions are nested too deeply")]);
}
