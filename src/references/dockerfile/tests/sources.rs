use super::names;

#[test]
fn copies_come_from_images_or_stages() {
    // hadolint/hadolint#271, hadolint/hadolint#197, hadolint/hadolint#1124
    names(
        "FROM alpine:3.8\n\nCOPY --from=hadolint/hadolint /bin/hadolint /usr/local/bin\n",
        &["1 alpine:3.8 = docker.io/library/alpine:3.8", "3 hadolint/hadolint = docker.io/hadolint/hadolint"],
    );
    names(
        "FROM scratch\nCOPY --from=ghcr.io/astral-sh/uv:0.8.15 /uv /uvx /bin/\n",
        &["2 ghcr.io/astral-sh/uv:0.8.15 = ghcr.io/astral-sh/uv:0.8.15"],
    );
    // renovatebot/renovate#31344, hadolint/hadolint#826
    names(
        "FROM scratch\nCOPY --link --from=gcr.io/k8s-skaffold/skaffold:v0.11.0 /usr/bin/skaffold /usr/bin/skaffold\n",
        &["2 gcr.io/k8s-skaffold/skaffold:v0.11.0 = gcr.io/k8s-skaffold/skaffold:v0.11.0"],
    );
    // dependabot/dependabot-core#12988, dependabot/dependabot-core#5103
    names(
        "FROM alpine:3.20\n\ncopy --chown=1:1 --from=alpine/curl:8.8.0 [\"/usr/bin/curl\", \"/usr/bin/curl\"]\n",
        &["1 alpine:3.20 = docker.io/library/alpine:3.20", "3 alpine/curl:8.8.0 = docker.io/alpine/curl:8.8.0"],
    );
    names("FROM scratch\nCOPY --from=\"redis:7\" / /\n", &["2 redis:7 = docker.io/library/redis:7"]);
    names("FROM scratch\nCOPY --from=re\"dis\":7 / /\n", &["2 re\"dis\":7 = docker.io/library/redis:7 (composed)"]);
    names("FROM scratch\nCOPY \\\n  --from=redis:7 \\\n  / /\n", &["3 redis:7 = docker.io/library/redis:7"]);
    // renovatebot/renovate#15751: a stage that comes later is an error of the file, not an image
    names(
        "FROM a:1\nCOPY --chown=root --from=image11 / ./\nFROM nginx as image11\n",
        &["1 a:1 = docker.io/library/a:1", "3 nginx = docker.io/library/nginx"],
    );
    // The flag stands before the paths, has a value, and has this name.
    names(
        "FROM scratch\nCOPY a --from=redis:7 b\nCOPY --from redis:7 a b\nCOPY --From=redis:7 a b\nCOPY --from= a b\n",
        &[],
    );
    names("FROM scratch\nADD --from=redis:7 a b\n", &[]);
    names("FROM scratch\nCOPY --from=scratch a b\n", &[]);
}

#[test]
fn numbers_are_stages_of_copies_only() {
    // uber-archive/makisu#52, GoogleContainerTools/kaniko#490
    names(
        "FROM a:1 AS x\nFROM b:1\nCOPY --from=0 / /\nCOPY --from=7 / /\nCOPY --from=x / /\n",
        &["1 a:1 = docker.io/library/a:1", "2 b:1 = docker.io/library/b:1"],
    );
    names(
        "FROM a:1\nRUN --mount=from=0,target=/x true\n",
        &["1 a:1 = docker.io/library/a:1", "2 0 = docker.io/library/0"],
    );
}

#[test]
fn sources_expand_no_arguments() {
    // moby/buildkit#2034, moby/buildkit#2412
    names(
        "ARG REGISTRY='docker.io/hdlc'\nFROM $REGISTRY/build:build AS build\nCOPY --from=$REGISTRY/pkg:icestorm /a /a\nRUN --mount=type=cache,from=$REGISTRY/pkg:icestorm,src=/a,target=/a \\\n  true\n",
        &[
            "2 $REGISTRY/build:build = docker.io/hdlc/build:build (composed)",
            "3 $REGISTRY/pkg:icestorm ! `COPY --from` expands no arguments",
            "4 $REGISTRY/pkg:icestorm ! `from` of a mount expands no arguments",
        ],
    );
    // moby/buildkit#2374
    names(
        "FROM scratch\nARG SOURCE=debian:11\nCOPY --from=$SOURCE /etc/os-release /target\n",
        &["3 $SOURCE ! `COPY --from` expands no arguments"],
    );
    // hadolint/hadolint#933
    names(
        "ARG P=builder\nFROM scratch as builder\nFROM scratch\nARG P\nCOPY --from=${P} foo.txt bar.txt\n",
        &["5 ${P} ! `COPY --from` expands no arguments"],
    );
}

#[test]
fn mounts_come_from_images_or_stages() {
    // moby/moby#38656
    names(
        "# syntax = docker/dockerfile:experimental\nFROM busybox\nRUN \\\n  --mount=from=docker:18.09.2,src=/usr/local/bin/,dst=/usr/local/bin/ \\\n  docker version > /output || true\n",
        &[
            "1 docker/dockerfile:experimental = docker.io/docker/dockerfile:experimental",
            "2 busybox = docker.io/library/busybox",
            "4 docker:18.09.2 = docker.io/library/docker:18.09.2",
        ],
    );
    // renovatebot/renovate#37534, hadolint/hadolint#723: not only the first mount
    names(
        "FROM scratch\nRUN --mount=type=cache,target=/root/.cache \\\n    --mount=type=bind,source=/uv,target=/bin/uv,from=ghcr.io/astral-sh/uv:0.8 \\\n    # the linter\n    --mount=type=bind,from=hadolint/hadolint:v2,target=/h \\\n    uv sync\n",
        &[
            "3 ghcr.io/astral-sh/uv:0.8 = ghcr.io/astral-sh/uv:0.8",
            "5 hadolint/hadolint:v2 = docker.io/hadolint/hadolint:v2",
        ],
    );
    // devthefuture-org/dockerfile-x#9, moby/buildkit#3536
    names(
        "FROM scratch AS gradle_home_in\nFROM scratch\nRUN --mount=type=cache,target=/root/.gradle/,rw,from=gradle_home_in ./gradlew\nRUN --mount=type=bind,from=Gradle_Home_In,source=/a,target=/a true\n",
        &[],
    );
    // hadolint/hadolint#433, hadolint/hadolint#434, hadolint/hadolint#974
    names(
        "FROM scratch\nRUN --mount=id=apt-cache,type=cache,target=/var/cache/apt apt-get update\nRUN --mount=type=secret,id=m2settings,dst=/settings.xml true\nRUN --mount=type=bind,Z,source=X,destination=Y,from=redis:7 true\n",
        &["4 redis:7 = docker.io/library/redis:7"],
    );
    names(
        "FROM scratch\nRUN --mount=\"type=bind,FROM=redis:7,target=/x\" true\n",
        &["2 redis:7 = docker.io/library/redis:7"],
    );
    names("FROM scratch\nRUN --mount='\"from=redis:7\",target=/x' true\n", &["2 redis:7 = docker.io/library/redis:7"]);
    names(
        "FROM scratch\nRUN --mount='\"from=re\"\"dis\"' true\nRUN --mount='a\"b,from=redis' true\n",
        &["2 re\"\"dis ! not an image reference"],
    );
    names("FROM scratch\nRUN --mount=from=a:1,from=b:1 true\n", &["2 b:1 = docker.io/library/b:1"]);
    names(
        "FROM scratch\nRUN --network=none --mount=from=redis:7 [\"a\"]\nRUN x --mount=from=redis:8\n",
        &["2 redis:7 = docker.io/library/redis:7"],
    );
}

#[test]
fn triggers_do_the_same_elsewhere() {
    // hadolint/hadolint#798, hadolint/hadolint#573
    names(
        "FROM busybox:1.35\nONBUILD COPY foo.txt /\nONBUILD WORKDIR /usr/src/app\n",
        &["1 busybox:1.35 = docker.io/library/busybox:1.35"],
    );
    names(
        "FROM scratch AS tools\nOnBuild Copy --from=ghcr.io/acme/tools:1 /a /a\nONBUILD RUN --mount=from=redis:7 true\nONBUILD COPY --from=tools /b /b\nONBUILD COPY --from=0 /c /c\nONBUILD COPY --from=builder /d /d\n",
        &[
            "2 ghcr.io/acme/tools:1 = ghcr.io/acme/tools:1",
            "3 redis:7 = docker.io/library/redis:7",
            "6 builder ! the file that builds on this one decides whether it is a stage or an image",
        ],
    );
    names("FROM scratch\nONBUILD FROM redis:7\nONBUILD ARG A=redis:7\nONBUILD ONBUILD COPY --from=redis:7 a b\n", &[]);
    // hadolint/hadolint#230
    names(
        "FROM scratch\nONBUILD RUN \\\n    --mount=from=redis:7 \\\n    echo $EXTRA_DEPS\n",
        &["3 redis:7 = docker.io/library/redis:7"],
    );
}
