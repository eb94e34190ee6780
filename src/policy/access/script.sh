#!/bin/sh
set -u

kept=${1:-@KEPT@}
tab=$(printf '\t')

say() {
    printf '%s\n' "$1" >&2
}

# What was said, on one short line without tabs or control characters.
one_line() {
    tr '\t\r\n' '   ' | tr -d '\000-\037\177' | cut -c 1-600
}

# Keeps a line and prints it.
note() {
    if ! printf '%s\n' "$1" >>"$kept"; then
        say "$kept cannot be written: name another file as the first argument"
        exit 2
    fi
    printf '%s\n' "$1"
}

# Whether an earlier run found out: what Docker Desktop decided is not asked again, anything else is.
is_known() {
    [ -f "$kept" ] || return 1
    while IFS="$tab" read -r kind image status said; do
        if [ "$kind" != pull ] || [ "$image" != "$1" ]; then
            continue
        fi
        case "$status $said" in
            '0 '* | *'image access denied'* | *'registry access to '*) return 0 ;;
        esac
    done <"$kept"
    return 1
}

# Pulls one image and notes what came of it.
try() {
    if is_known "$1"; then
        say "known already: $2"
        return
    fi
    was_here=no
    if docker image inspect "$1" >/dev/null 2>&1; then
        was_here=yes
    fi
    say "pulling $2"
    said=$(docker pull --quiet "$1" 2>&1)
    status=$?
    said=$(printf '%s' "$said" | one_line)
    case $said in
        *'annot connect to the Docker daemon'* | *'ocker daemon is not running'* | *'ocker Desktop is unable to start'*)
            say "Docker does not answer: start Docker Desktop, sign in, and run this again"
            exit 3
            ;;
    esac
    note "pull$tab$1$tab$status$tab$said"
    if [ "$status" -eq 0 ] && [ "$was_here" = no ]; then
        docker image rm "$1" >/dev/null 2>&1 || say "it could not be removed again: $1"
    fi
}

if ! command -v docker >/dev/null 2>&1; then
    say "docker is not on the path: install Docker Desktop, start it, sign in, and run this again"
    exit 3
fi

# What an earlier run kept belongs to the results.
if [ -f "$kept" ]; then
    cat "$kept"
fi
system=$(docker info --format '{{.OperatingSystem}}' 2>/dev/null | one_line)
note "system$tab${system:-unknown}"

