use super::names;

#[test]
fn the_frontend_is_an_image() {
    // renovatebot/renovate#1402, docker/docs#12703
    names("# syntax=docker/dockerfile:1\n\nFROM scratch\n", &["1 docker/dockerfile:1 = docker.io/docker/dockerfile:1"]);
    // nginx-proxy/nginx-proxy#2599
    names(
        "#syntax=docker.io/docker/dockerfile:1\nFROM scratch\n",
        &["1 docker.io/docker/dockerfile:1 = docker.io/docker/dockerfile:1"],
    );
    // moby/buildkit#2539
    let digest = "sha256:42399d4635eddd7a9b8a24be879d2f9a930d0ed040a61324cfdf59ef1357b3b2";
    names(
        &format!("# syntax=docker/dockerfile:1.3.1@{digest}\r\nFROM scratch\r\n"),
        &[&format!("1 docker/dockerfile:1.3.1@{digest} = docker.io/docker/dockerfile:1.3.1@{digest}")],
    );
    names(
        "# SYNTAX = docker/dockerfile:1 // opts \nFROM scratch\n",
        &["1 docker/dockerfile:1 = docker.io/docker/dockerfile:1"],
    );
    names(
        "# escape=`\n# check=skip=all\n# syntax=docker/dockerfile:1\nFROM scratch\n",
        &["3 docker/dockerfile:1 = docker.io/docker/dockerfile:1"],
    );
    names(
        "\u{feff}# syntax=docker/dockerfile:1\nFROM scratch\n",
        &["1 docker/dockerfile:1 = docker.io/docker/dockerfile:1"],
    );
    names(
        "#!/usr/bin/env -S docker build -f\n# syntax=docker/dockerfile:1\nFROM scratch\n",
        &["2 docker/dockerfile:1 = docker.io/docker/dockerfile:1"],
    );
    names("//syntax=docker/dockerfile:1\nFROM scratch\n", &["1 docker/dockerfile:1 = docker.io/docker/dockerfile:1"]);
    names(
        "{\"bar\": [\"abc\"],\n \"syntax\": \"acme/frontend:1\"}",
        &["2 acme/frontend:1 = docker.io/acme/frontend:1"],
    );
    // docker/buildkit-syft-scanner#18: only at the top
    names("# Copyright\n# syntax=docker/dockerfile:1\nFROM scratch\n", &[]);
    names("\n# syntax=docker/dockerfile:1\nFROM scratch\n", &[]);
    names(" # syntax=docker/dockerfile:1\nFROM scratch\n", &[]);
    // hadolint/hadolint#826, in the comments
    names("## syntax=docker/dockerfile:1.4\nFROM scratch\n", &[]);
    names(
        "# syntax=docker/Dockerfile\n# syntax=docker/dockerfile:1\nFROM scratch\n",
        &["1 docker/Dockerfile ! not an image reference: a repository has no upper case letters"],
    );
    names("# syntax=\nFROM scratch\n", &[]);
    names("{\"syntax\": \"foo\"}\n# syntax=bar\n", &[]);
}

#[test]
fn the_escape_character_can_be_a_backtick() {
    // hadolint/hadolint#371, projectatomic/dockerfile_lint#131
    names(
        "#escape = `\n\nFROM mcr.microsoft.com/dotnet/framework/runtime:4.8\n\nENV a=b `\n        FROM=c\n",
        &["3 mcr.microsoft.com/dotnet/framework/runtime:4.8 = mcr.microsoft.com/dotnet/framework/runtime:4.8"],
    );
    // devcontainers/cli#632
    names(
        "# escape=`\r\n\r\nFROM ubuntu:jammy as build\r\nRUN set -eux; `\r\n  FROM x\r\n",
        &["3 ubuntu:jammy = docker.io/library/ubuntu:jammy"],
    );
    // microsoft/aspnet-docker#73: a backslash at the end of a line is only one with the backtick
    let copies = "FROM a:1\nCOPY testfile.txt c:\\\nFROM b:1\n";
    names(copies, &["1 a:1 = docker.io/library/a:1"]);
    names(&format!("# escape=`\n{copies}"), &["2 a:1 = docker.io/library/a:1", "4 b:1 = docker.io/library/b:1"]);
    names(
        "# escape=`\nFROM a:1\nCOPY --from=mcr.microsoft.com/windows/nanoserver:ltsc2022 C:\\Windows C:\\\\x\\\n",
        &[
            "2 a:1 = docker.io/library/a:1",
            "3 mcr.microsoft.com/windows/nanoserver:ltsc2022 = mcr.microsoft.com/windows/nanoserver:ltsc2022",
        ],
    );
    names("# escape=`\nARG A=redis`:7\nFROM $A\n", &["3 $A = docker.io/library/redis:7 (composed)"]);
    // Not behind a comment, an instruction or a shebang; not with another character.
    for start in ["# note\n# escape=`\n", "ARG X\n# escape=`\n", "#!/bin/sh\n# escape=`\n", "# escape=x\n"] {
        let line = start.lines().count() + 2;
        names(&format!("{start}FROM \\\n redis:7\n"), &[&format!("{line} redis:7 = docker.io/library/redis:7")]);
    }
    names("  # escape=`\nFROM `\n redis:7\n", &["3 redis:7 = docker.io/library/redis:7"]);
}

#[test]
fn lines_are_continued() {
    // renovatebot/renovate#15751
    names("FROM \\\na as stage1\n", &["2 a = docker.io/library/a"]);
    names("FROM \\ \t\na as stage1\n", &["2 a = docker.io/library/a"]);
    // rcjsuen/dockerfile-utils#73
    names("FROM alpine \\\n# comment\n\n# comment\nAS build\nFROM build\n", &["1 alpine = docker.io/library/alpine"]);
    // camdencheek/tree-sitter-dockerfile#10
    names("FROM \\\n  # comment\n  redis:7\n", &["3 redis:7 = docker.io/library/redis:7"]);
    names("FROM red\\\nis:7\n", &["1 red\\\nis:7 = docker.io/library/redis:7 (composed)"]);
    names("FROM red\\\r\n# x\r\nis:7\r\n", &["1 red\\\r\n# x\r\nis:7 = docker.io/library/redis:7 (composed)"]);
    names("FR\\\nOM redis:7\n", &["2 redis:7 = docker.io/library/redis:7"]);
    names("\\\nFROM redis:7\n", &["2 redis:7 = docker.io/library/redis:7"]);
    // moby/moby#51426: a comment behind an instruction is none
    names("RUN echo hello # \\\nFROM redis:7\n", &[]);
    names("RUN echo hello \\\\\nFROM redis:7\n", &["2 redis:7 = docker.io/library/redis:7"]);
    // A comment that ends with the escape character is still a comment.
    names("# FROM a \\\nFROM redis:7 \\\n# AS b \\\nAS x\nFROM x\n", &["2 redis:7 = docker.io/library/redis:7"]);
    names("RUN a \\\n  b \\\n", &[]);
    names("FROM redis:7\\", &["1 redis:7 = docker.io/library/redis:7"]);
}

#[test]
fn other_bytes_change_nothing() {
    // hadolint/hadolint#335, rcjsuen/dockerfile-ast#106
    names("\u{feff}FROM redis:7\n", &["1 redis:7 = docker.io/library/redis:7"]);
    // hadolint/hadolint#463
    names(
        "FROM openjdk:11-jdk-slim\r\nCOPY a b\r\n\r\n",
        &["1 openjdk:11-jdk-slim = docker.io/library/openjdk:11-jdk-slim"],
    );
    names("\t FROM\u{b}redis:7 \t", &["1 redis:7 = docker.io/library/redis:7"]);
    names("# FROM a:1\n   # FROM b:1\nLABEL x=\"FROM c:1\"\nENV A=FROM\nCMD [\"FROM\", \"d:1\"]\nFROM_X e:1\n", &[]);
    names("FROM redis:7\rRUN true\r", &["1 redis:7 = docker.io/library/redis:7"]);
}

#[test]
fn here_documents_hold_no_instructions() {
    // hadolint/hadolint#682, hadolint/hadolint#1137, hadolint/hadolint#960
    names(
        "FROM a:1\nRUN <<EOF bash\nFROM x:1\nEOF\n# comment\nCOPY --from=b:1 / /\n",
        &["1 a:1 = docker.io/library/a:1", "6 b:1 = docker.io/library/b:1"],
    );
    // hadolint/hadolint#736
    names("FROM a:1\nRUN <<EOF\nFROM x:1\nEOF", &["1 a:1 = docker.io/library/a:1"]);
    // hadolint/hadolint#1019, hadolint/hadolint#923
    names(
        "FROM a:1\nRUN foo && \\\n    cat <<BAR >> go.mod && \\\n    cat go.mod\nFROM x:1\nBAR\nFROM b:1\n",
        &["1 a:1 = docker.io/library/a:1", "7 b:1 = docker.io/library/b:1"],
    );
    // hadolint/hadolint#1051
    for start in ["<<-\\EOT", "<<-\"EOT\"", "<<-'EOT'", "<<-EOT", "<<-E'O'T", "3<<-EOT", "<<-\\EOT"] {
        names(
            &format!("FROM a:1\nCOPY {start} /data.txt\n  FROM x:1\n\t\tEOT\nFROM b:1\n"),
            &["1 a:1 = docker.io/library/a:1", "5 b:1 = docker.io/library/b:1"],
        );
    }
    // icanhasjonas/run-claude-docker#11
    names(
        "FROM a:1\nRUN cat > FILE << 'EOF'\nFROM x:1\nEOF\nFROM b:1\n",
        &["1 a:1 = docker.io/library/a:1", "5 b:1 = docker.io/library/b:1"],
    );
    // moby/buildkit#3511, docker/for-win#13665
    names(
        "FROM a:1\r\nRUN <<EOT\r\nFROM x:1\r\nEOT\r\nFROM b:1\r\n",
        &["1 a:1 = docker.io/library/a:1", "5 b:1 = docker.io/library/b:1"],
    );
    // hadolint/language-docker#79
    names(
        "RUN foo bar\nFROM newstage\nCOPY <<EOF /destination.sh\nFROM x:1\nEOF\n",
        &["2 newstage = docker.io/library/newstage"],
    );
    names(
        "FROM a:1\nCOPY <<X <<Y /dest\nFROM x:1\nY\nX\nX\nFROM y:1\nY\nFROM b:1\n",
        &["1 a:1 = docker.io/library/a:1", "9 b:1 = docker.io/library/b:1"],
    );
    names(
        "FROM a:1\nONBUILD RUN --mount=from=m:1 <<'one two' sh\nFROM x:1\none two\nFROM b:1\n",
        &["1 a:1 = docker.io/library/a:1", "2 m:1 = docker.io/library/m:1", "5 b:1 = docker.io/library/b:1"],
    );
    names(
        "FROM a:1\nRUN <<$EOF\nFROM x:1\n$EOF\nADD <<${X:-a  <<Y} /\nFROM b:1\n",
        &["1 a:1 = docker.io/library/a:1", "5 <<${X:-a ! the here-document has no end"],
    );
}

#[test]
fn what_looks_like_a_here_document_is_none() {
    for line in [
        "RUN \"<<EOF\"",
        "RUN [\"<<EOF\"]",
        "RUN cat <<<EOF",
        "RUN echo $((1<<2))",
        "RUN cat<<EOF",
        "RUN cat <<\"EOF",
        "RUN echo ' <<EOF",
        "RUN echo ${x^^} <<EOF",
        "RUN << ",
        "RUN <<\"\"",
        "USER <<EOF",
        "CMD cat <<EOF",
        "ENV A=<<EOF",
        "LABEL <<EOF",
    ] {
        names(
            &format!("FROM a:1\n{line}\nFROM b:1\nEOF\n"),
            &["1 a:1 = docker.io/library/a:1", "3 b:1 = docker.io/library/b:1"],
        );
    }
    // moby/buildkit#2891
    names(
        "FROM debian:buster\nRUN echo <<EOF \\\n    hello \\\n    EOF > /tmp/output && \\\n    echo 'done'\nFROM x:1\n",
        &["1 debian:buster = docker.io/library/debian:buster", "2 <<EOF ! the here-document has no end"],
    );
    // rcjsuen/dockerfile-language-server#261
    names(
        "FROM alpine\nRUN <<EOF\n  echo\n  EOF\nRUN echo\nFROM x:1",
        &["1 alpine = docker.io/library/alpine", "2 <<EOF ! the here-document has no end"],
    );
}
