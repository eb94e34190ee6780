use super::names;

const DIGEST: &str = "sha256:2b0b1e5a4e29c1a3f2ef70d3ee3f0e1ad90c0b4d2ba7a9cfa4d6f2d6f7f5a0c1";

#[test]
fn an_image_is_written_in_full_or_in_short() {
    names("FROM redis\n", &["1 redis = docker.io/library/redis"]);
    names("from redis:7\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("From bitnami/redis:7 aS x", &["1 bitnami/redis:7 = docker.io/bitnami/redis:7"]);
    names("FROM docker.io/redis:7\n", &["1 docker.io/redis:7 = docker.io/library/redis:7"]);
    names("FROM localhost:5000/a/b\n", &["1 localhost:5000/a/b = localhost:5000/a/b"]);
    // dependabot/dependabot-core#14065, dependabot/dependabot-core#7387
    let pinned = format!("ubuntu:22.04@{DIGEST}");
    names(&format!("FROM {pinned}\n"), &[&format!("1 {pinned} = docker.io/library/{pinned}")]);
    let pinned = format!("ghcr.io/acme/base@{DIGEST}");
    names(&format!("FROM {pinned} AS base\n"), &[&format!("1 {pinned} = {pinned}")]);
    names("FROM scratch\nFROM scratch AS x\n", &[]);
    names("FROM SCRATCH\n", &["1 SCRATCH ! not an image reference: a repository has no upper case letters"]);
    names("FROM Redis:7\n", &["1 Redis:7 ! not an image reference: a repository has no upper case letters"]);
    names("FROM redis:\n", &["1 redis: ! not an image reference"]);
    names("FROM docker-image://redis:7\n", &["1 docker-image://redis:7 ! not an image reference"]);
    names(
        "FROM re\u{1a}dis:7\nFROM r\u{e9}dis\n",
        &["1 re\u{1a}dis:7 ! not an image reference", "2 r\u{e9}dis ! not an image reference"],
    );
    names("", &[]);
    names("FROM\nFROM \nFROM --platform=linux/amd64\n", &[]);
}

#[test]
fn flags_stand_before_the_image() {
    // dependabot/dependabot-core#2648, dotnet/docker-tools#1127
    names(
        "FROM --platform=linux/arm64 node:10.9-alpine\n",
        &["1 node:10.9-alpine = docker.io/library/node:10.9-alpine"],
    );
    // renovatebot/renovate#12193
    names(
        "FROM --platform=$BUILDPLATFORM image:tag AS build\nFROM build\n",
        &["1 image:tag = docker.io/library/image:tag"],
    );
    names("FROM --platform=\"linux/amd64\" \\\n  redis:7\n", &["2 redis:7 = docker.io/library/redis:7"]);
    names("FROM --platform=${P:-linux/amd64} --x redis:7\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("FROM -- redis:7\n", &["1 redis:7 = docker.io/library/redis:7"]);
}

#[test]
fn a_stage_that_stands_before_is_no_image() {
    // GoogleContainerTools/skaffold#1050
    names(
        "FROM ubuntu:14.04 as base\nFROM base as dist\nFROM dist as prod\n",
        &["1 ubuntu:14.04 = docker.io/library/ubuntu:14.04"],
    );
    // dependabot/feedback#159
    names(
        "FROM node:10.5-alpine as builder\nFROM ruby:2.5.1-alpine\nCOPY --from=builder /app/public/packs public/packs\n",
        &[
            "1 node:10.5-alpine = docker.io/library/node:10.5-alpine",
            "2 ruby:2.5.1-alpine = docker.io/library/ruby:2.5.1-alpine",
        ],
    );
    // dependabot/dependabot-core#1609: an image twice is two references
    names(
        "FROM python:3.7.5\nFROM python:3.7.6\nFROM python:3.7.6\n",
        &[
            "1 python:3.7.5 = docker.io/library/python:3.7.5",
            "2 python:3.7.6 = docker.io/library/python:3.7.6",
            "3 python:3.7.6 = docker.io/library/python:3.7.6",
        ],
    );
    // A stage may have the name of the image that it builds on.
    names("FROM redis AS redis\nFROM redis\n", &["1 redis = docker.io/library/redis"]);
    names(
        "FROM golang\nFROM redis:7 AS golang\nFROM golang\n",
        &["1 golang = docker.io/library/golang", "2 redis:7 = docker.io/library/redis:7"],
    );
    // werf/werf#2269: stages are named without regard to case
    names(
        "FROM redis:7 AS Base\nFROM base\nFROM BASE\nCOPY --from=bAsE / /\n",
        &["1 redis:7 = docker.io/library/redis:7"],
    );
    // hadolint/hadolint#979
    names(
        "ARG src=1 # {1, 2}\nFROM src_loc/ex1:tag AS img1\nFROM src_loc/ex2:tag AS img2\nFROM img${src} AS img_err\nFROM img${src}:tag AS img_ok\n",
        &[
            "2 src_loc/ex1:tag = docker.io/src_loc/ex1:tag",
            "3 src_loc/ex2:tag = docker.io/src_loc/ex2:tag",
            "5 img${src}:tag = docker.io/library/img1:tag (composed)",
        ],
    );
    // ls1intum/Artemis#13234
    names(
        "ARG WAR_FILE_STAGE=builder\nFROM gradle:8 AS builder\nFROM scratch AS external_builder\nFROM ${WAR_FILE_STAGE} AS war_file\n",
        &["2 gradle:8 = docker.io/library/gradle:8"],
    );
    // FROM knows no numbers.
    names("FROM redis:7\nFROM 0\n", &["1 redis:7 = docker.io/library/redis:7", "2 0 = docker.io/library/0"]);
    // hadolint/hadolint#1060
    names(
        "ARG CODE_COVERAGE=false\nFROM golang:1.23-alpine3.20 AS prep\nFROM prep AS build-true\nFROM prep AS build-false\nFROM build-${CODE_COVERAGE}\nCOPY --from=prep /build/x.json\\\n  /root/x.json\n",
        &["2 golang:1.23-alpine3.20 = docker.io/library/golang:1.23-alpine3.20"],
    );
}

#[test]
fn more_than_one_image_after_from_is_lenient() {
    names("FROM redis:7 # pinned\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("FROM redis:7 x AS y\nFROM y\n", &["1 redis:7 = docker.io/library/redis:7"]);
    names("FROM redis:7 AS\n", &["1 redis:7 = docker.io/library/redis:7"]);
}

#[test]
fn templates_are_named() {
    names(
        "FROM {{ base_image }}:{{ tag }} AS x\nFROM x\n",
        &["1 {{ base_image }}:{{ tag }} ! a template fills this in"],
    );
    names(
        "{% if a %}\nFROM redis:7\n{% else %}\nFROM <%= image %>\n{% endif %}\n",
        &["2 redis:7 = docker.io/library/redis:7", "4 <%= image %> ! a template fills this in"],
    );
    names("FROM alpine:%%ALPINE_VERSION%%\n", &["1 alpine:%%ALPINE_VERSION%% ! not an image reference"]);
    names(
        "FROM redis:7\nCOPY --from={{image}} a b\n",
        &["1 redis:7 = docker.io/library/redis:7", "2 {{image}} ! a template fills this in"],
    );
}
