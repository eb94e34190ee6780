//! The words that people use in tags. A word on no list is part of a variant: mistaking a build for a variant misses a
//! version, which `explain` shows; mistaking a variant for a build would pick other bytes.

use std::borrow::Cow;

/// The text in lower case; most tags already are.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The position of a prerelease word among its kind, least mature first; `None` for any other word.
///
/// The single letters are prereleases only right before a number (`b2`, `m1`); the caller checks that.
pub(super) fn prerelease(word: &str) -> Option<u8> {
    Some(match word {
        "dev" | "develop" | "snapshot" | "nightly" | "canary" | "unstable" | "experimental" | "edge" | "insiders"
        | "next" => 0,
        "alpha" | "a" => 1,
        "milestone" | "m" => 2,
        "ea" => 3,
        "beta" | "b" => 4,
        "pre" | "preview" | "prerelease" => 5,
        "rc" | "cr" | "c" => 6,
        _ => return None,
    })
}

/// Whether a word followed by a number counts builds of one version. (`devel` is on neither list: `12.4.1-devel` is an
/// image with a compiler.)
pub(super) fn build(word: &str) -> bool {
    matches!(
        word,
        "rancher"
            | "k3s"
            | "rke2r"
            | "flannel"
            | "build"
            | "eksbuild"
            | "eks"
            | "gke"
            | "cu"
            | "gdr"
            | "ls"
            | "r"
            | "s"
            | "p"
            | "u"
            | "v"
            | "pl"
            | "rev"
            | "post"
            | "patch"
            | "hotfix"
            | "security"
            | "sp"
            | "ce"
            | "ee"
    )
}

/// Whether a word may also be separated from its number: `build-5`, `security-01`, `ce.0`.
pub(super) fn build_apart(word: &str) -> bool {
    word.len() > 2 && build(word) && !matches!(word, "k3s" | "rke2r" | "gdr")
}

/// Whether a word names an edition when it has no number: `-ce` is a variant, `-ce.0` a build.
pub(super) fn single(word: &str) -> bool {
    word.len() == 1
}

/// Whether a word names what images are made of: a number after it, `alpine.3`, says which one, and counts nothing.
pub(super) fn made_of(word: &str) -> bool {
    matches!(
        word,
        "alpine"
            | "debian"
            | "ubuntu"
            | "ubi"
            | "rhel"
            | "el"
            | "centos"
            | "stream"
            | "fedora"
            | "fc"
            | "rocky"
            | "rockylinux"
            | "alma"
            | "almalinux"
            | "oracle"
            | "oraclelinux"
            | "ol"
            | "al"
            | "amzn"
            | "amazonlinux"
            | "photon"
            | "suse"
            | "sles"
            | "sle"
            | "bci"
            | "leap"
            | "opensuse"
            | "wolfi"
            | "arch"
            | "buster"
            | "bullseye"
            | "bookworm"
            | "trixie"
            | "focal"
            | "jammy"
            | "noble"
            | "windows"
            | "windowsservercore"
            | "nanoserver"
            | "ltsc"
            | "python"
            | "py"
            | "php"
            | "node"
            | "nodejs"
            | "java"
            | "jdk"
            | "jre"
            | "openjdk"
            | "temurin"
            | "go"
            | "golang"
            | "ruby"
            | "rust"
            | "perl"
            | "erlang"
            | "otp"
            | "elixir"
            | "scala"
            | "dotnet"
            | "aspnet"
            | "net"
            | "cuda"
            | "cudnn"
            | "rocm"
            | "postgres"
            | "postgresql"
            | "pg"
            | "mysql"
            | "mariadb"
            | "nginx"
            | "apache"
            | "httpd"
            | "glibc"
            | "musl"
            | "gcc"
            | "llvm"
            | "clang"
            | "k8s"
            | "kubernetes"
            | "openssl"
            | "slim"
            | "fpm"
            | "zts"
    )
}

/// Whether a segment names a processor architecture.
pub(super) fn architecture(word: &str) -> bool {
    matches!(
        word,
        "amd64"
            | "amd64v1"
            | "amd64v2"
            | "amd64v3"
            | "amd64v4"
            | "x86_64"
            | "x64"
            | "x86"
            | "i386"
            | "i686"
            | "arm"
            | "armhf"
            | "armel"
            | "armv5"
            | "armv6"
            | "armv7"
            | "armv7l"
            | "armv6hf"
            | "armv7hf"
            | "armv8"
            | "arm32"
            | "arm32v5"
            | "arm32v6"
            | "arm32v7"
            | "arm64"
            | "arm64v8"
            | "aarch64"
            | "ppc64"
            | "ppc64le"
            | "s390x"
            | "riscv64"
            | "loong64"
            | "loongarch64"
            | "mips"
            | "mipsle"
            | "mips64"
            | "mips64le"
            | "riscv"
    )
}

/// Whether a tag that begins with this word names a moving channel or something that is not a release.
pub(super) fn channel(word: &str) -> bool {
    matches!(
        word,
        "latest"
            | "stable"
            | "main"
            | "master"
            | "trunk"
            | "head"
            | "pr"
            | "pull"
            | "merge"
            | "branch"
            | "sha"
            | "git"
            | "commit"
            | "ci"
            | "test"
            | "testing"
            | "tmp"
            | "cache"
            | "buildcache"
            | "build"
    ) || (word.len() > 1 && prerelease(word).is_some())
}

/// A word without the number that ends it: `alpine` of `alpine3.20`.
pub(super) fn stem(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// Whether a word says that a tag belongs to one push, never to a release.
pub(super) fn passing(word: &str) -> bool {
    matches!(
        word,
        "sha" | "git" | "commit" | "pr" | "pull" | "merge" | "branch" | "ci" | "tmp" | "cache" | "buildcache" | "build"
    )
}

/// Whether a word that counts builds says that they do not belong to a release.
pub(super) fn unreleased(word: &str) -> bool {
    channel(word)
        || passing(word)
        || matches!(
            word,
            "feat"
                | "feature"
                | "fix"
                | "bugfix"
                | "snap"
                | "wip"
                | "dirty"
                | "draft"
                | "staging"
                | "stage"
                | "qa"
                | "eap"
                | "debug"
                | "src"
                | "source"
                | "sources"
                | "local"
                | "user"
                | "issue"
                | "run"
                | "job"
        )
}

/// Whether what follows `ubuntu` is one of its releases, `22.04`, and not a count of its packages.
pub(super) fn ubuntu(number: &str) -> bool {
    matches!(number.split_once('.'), Some((year, "04" | "10")) if year.len() == 2)
}

/// Whether a dotted word after the numbers only says that this is the release: `26.1.3.Final`.
pub(super) fn release(word: &str) -> bool {
    matches!(word, "final" | "ga" | "release")
}

/// Whether a segment is a commit hash: hexadecimal, 7 to 40 digits or 64, with a letter and a digit, or with git's `g`.
pub(super) fn commit(segment: &str) -> bool {
    hash(segment) || segment.strip_prefix('g').is_some_and(|s| (7..=40).contains(&s.len()) && hex(s))
}

/// Whether a text is a commit hash, without git's `g`. Digits alone are a number.
pub(super) fn hash(text: &str) -> bool {
    let mixed = || text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_lowercase());
    ((7..=40).contains(&text.len()) || text.len() == 64) && hex(text) && mixed()
}

fn hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a build word marks a repair between two ordinary versions: what follows `10.4.1-security-01` is `10.4.2`.
pub(super) fn repair(word: &str) -> bool {
    matches!(word, "security" | "hotfix" | "patch" | "post" | "sp")
}

/// Whether a number that is a whole version is the time of its build: seconds (`1718000000`) or milliseconds since 1970.
pub(super) fn since_1970(number: u64) -> bool {
    matches!(number, 1_000_000_000..=4_000_000_000 | 1_000_000_000_000..=4_000_000_000_000)
}

/// Whether bare numbers are a date (`20241219`) or a date and time (`20241219123000`) rather than a counter.
pub(super) fn dated(digits: &str) -> bool {
    if !matches!(digits.len(), 8 | 12 | 14) {
        return false;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    (1990..=2199).contains(&part(0..4)) && (1..=12).contains(&part(4..6)) && (1..=31).contains(&part(6..8))
}
