# Installing Debian packages with manners: only what is missing, a question before anything that is installed would be
# replaced or removed, services not started, and a line that says how to undo it.
#
# Sourced by quickstart.sh and tests/run.sh. The caller sets `assume_yes` (true or false) and `undo_file`.
# shellcheck shell=bash

: "${assume_yes:=false}" "${undo_file:=build/undo.txt}"

# What the build needs; the names are those of Debian 12.
# shellcheck disable=SC2034  # used by the scripts that source this file
build_packages=(
    g++ cmake ninja-build
    libboost1.81-dev libboost-program-options1.81-dev libboost-log1.81-dev libboost-json1.81-dev
    libboost-test1.81-dev libssl-dev libcurl4-openssl-dev
)

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "installing packages needs root, and there is no sudo (run this as root, or install by hand: $*)"
    fi
}

is_debian_12() {
    [ -r /etc/os-release ] || return 1
    (
        # shellcheck disable=SC1091
        . /etc/os-release
        [ "${ID-}" = debian ] && [ "${VERSION_ID-}" = 12 ]
    )
}

# Prints those of the named packages that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || say "$name"
    done
}

# Asks a question on the terminal; without a terminal the answer is no.
confirm() {
    local answer
    if "$assume_yes"; then
        return 0
    fi
    if [ ! -t 0 ]; then
        return 1
    fi
    read -r -p "$1 [y/N] " answer
    [ "$answer" = y ] || [ "$answer" = Y ] || [ "$answer" = yes ]
}

# Package managers start a daemon when they install one; nothing here wants that. Installs with such starts forbidden.
install_without_starting() {
    local policy=/usr/sbin/policy-rc.d made=false status=0
    if [ ! -e "$policy" ]; then
        made=true
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    mkdir -p "$(dirname "$undo_file")"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$@" </dev/null >"$undo_file.log" 2>&1 || status=$?
    [ "$status" = 0 ] || grep -E '^(E|dpkg):' "$undo_file.log" || tail -n 5 "$undo_file.log"
    if "$made"; then
        as_root rm -f "$policy"
    fi
    return "$status"
}

# install_packages NAME...: makes sure that these are installed.
install_packages() {
    local missing plan removed replaced added
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" = 0 ]; then
        return 0
    fi
    if ! command -v apt-get >/dev/null || ! is_debian_12; then
        say "This script installs packages on Debian 12 only. Going on without: ${missing[*]}"
        return 0
    fi

    say "Missing packages: ${missing[*]}"
    if ! plan=$(apt-get install --simulate --no-install-recommends "${missing[@]}" 2>&1); then
        say "Fetching the package lists (apt-get update) ..."
        as_root apt-get update --quiet=2 </dev/null || die "apt-get update failed (is the network there?)"
        plan=$(apt-get install --simulate --no-install-recommends "${missing[@]}" 2>&1) ||
            die "apt-get cannot install ${missing[*]}: $(tail -n 3 <<<"$plan")"
    fi

    # In a simulation `Remv NAME [OLD]` is a removal, `Inst NAME [OLD] (NEW ...)` a replacement, `Inst NAME (NEW ...)`
    # a new package.
    removed=$(awk '/^Remv / { print $2 }' <<<"$plan" | xargs)
    replaced=$(awk '/^Inst / && $3 ~ /^\[/ { print $2 }' <<<"$plan" | xargs)
    added=$(awk '/^Inst / && $3 !~ /^\[/ { print $2 }' <<<"$plan" | xargs)
    if [ -n "$removed$replaced" ]; then
        [ -z "$removed" ] || say "This would REMOVE: $removed"
        [ -z "$replaced" ] || say "This would replace with another version: $replaced"
        confirm "Go on?" || die "stopped before it would replace installed packages (answer y, or give --yes)"
    fi

    say "Installing $(wc -w <<<"$added") packages ..."
    note_undo "$added" "$removed" "$replaced"
    if ! install_without_starting "${missing[@]}"; then
        # Lists that are out of date name files that the mirror has dropped.
        as_root apt-get update --quiet=2 </dev/null || die "apt-get update failed (is the network there?)"
        install_without_starting "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
    fi
}

# Remembers how to undo an installation, newest first, for tell_undo.
note_undo() {
    local added=$1 removed=$2 replaced=$3 before=
    mkdir -p "$(dirname "$undo_file")"
    [ ! -f "$undo_file" ] || before=$(cat "$undo_file")
    {
        [ -z "$added" ] || say "apt-get remove $added"
        [ -z "$removed" ] || say "apt-get install $removed"
        [ -z "$replaced" ] || say "# replaced with a newer version, nothing to undo: $replaced"
        [ -z "$before" ] || say "$before"
    } >"$undo_file.new"
    mv "$undo_file.new" "$undo_file"
}

tell_undo() {
    if [ -s "$undo_file" ]; then
        say "To undo what was installed (also kept in ${undo_file#"$PWD"/}):"
        fold -s -w 108 "$undo_file" | sed '/ $/s/$/\\/; s/^/    /'
    fi
}
