#!/usr/bin/env bash
# Proves that a fresh Debian 12 machine needs nothing but the source tree and package access: makes a minimal root with
# debootstrap, copies the tracked files in, and runs ./quickstart.sh --check and tests/run.sh there. See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)

usage() {
    cat <<'END'
tests/support/fresh_machine.sh [--only-quickstart | --only-tests | --only-packages] [--root FOLDER] [--keep] [-- TEST-OPTIONS...]

Makes a Debian 12 root (debootstrap --variant=minbase) from the package source of this machine's own apt
configuration, copies the tracked files of HEAD in, and runs in it:

    ./quickstart.sh --check --yes
    tests/run.sh --yes TEST-OPTIONS...

  --only-quickstart   not the tests
  --only-tests        not the quick start
  --only-packages     only make the root and install the packages there
  --root FOLDER       make the root there (default: a new folder under ${TMPDIR:-/tmp})
  --keep              do not remove the root afterwards

Needs root, debootstrap and git. Everything is removed at the end, also after a failure.
END
}

root=
keep=false
what=all
while [ $# -gt 0 ]; do
    case $1 in
        --only-quickstart) what=quickstart ;;
        --only-tests) what=tests ;;
        --only-packages) what=packages ;;
        --root)
            root=${2:?--root wants a folder}
            shift
            ;;
        --keep) keep=true ;;
        --)
            shift
            break
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            printf 'fresh_machine.sh: unknown option: %s (see --help)\n' "$1" >&2
            exit 2
            ;;
    esac
    shift
done

[ "$(id -u)" = 0 ] || {
    echo "fresh_machine.sh: debootstrap and chroot need root" >&2
    exit 1
}
command -v debootstrap >/dev/null || {
    echo "fresh_machine.sh: debootstrap is missing (apt-get install debootstrap)" >&2
    exit 1
}

# shellcheck disable=SC2016  # apt expands these
# The first URI of the suite `bookworm` in apt's own view of its sources.
mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(RELEASE)' 2>/dev/null |
    awk '$2 == "bookworm" || $3 == "bookworm" { print $1; exit }')
[ -n "$mirror" ] || {
    echo "fresh_machine.sh: this machine's apt has no source for bookworm (run apt-get update, or add one)" >&2
    exit 1
}

[ -n "$root" ] || root=$(mktemp -d)
mkdir -p "$root"
chmod 755 "$root"
times=()

clean_up() {
    local point
    for point in dev/pts dev/shm dev/null dev/zero dev/random dev/urandom dev/tty proc sys; do
        umount --lazy "$root/$point" 2>/dev/null || true
    done
    umount --lazy "$root" 2>/dev/null || true
    if ! "$keep" && ! grep -qF " $root" /proc/self/mountinfo; then
        rm -rf --one-file-system "$root"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() {
    local name=$1 began=$SECONDS
    shift
    printf '\n#### %s\n' "$name"
    "$@" || {
        printf '\nfresh machine: FAILED at: %s (after %d s)\n' "$name" $((SECONDS - began))
        exit 1
    }
    times+=("$(printf '%-24s %5d s' "$name" $((SECONDS - began)))")
}

make_root() {
    debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
        tail -n 20 "$root.log"
        return 1
    }
    rm -f "$root.log"
    # The same package access as this machine: sources, proxies, keys, names and certificates.
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    local path
    for path in sources.list sources.list.d apt.conf apt.conf.d auth.conf.d keyrings trusted.gpg.d preferences.d; do
        [ ! -e "/etc/apt/$path" ] || cp -aT "/etc/apt/$path" "$root/etc/apt/$path"
    done
    # Hooks of packages that are not installed there.
    grep -lE 'Invoke|Post-|Pre-' -r "$root/etc/apt/apt.conf.d" | xargs -r rm -f
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    mkdir -p "$root/usr/share/keyrings"
    cp -an /usr/share/keyrings/. "$root/usr/share/keyrings/"

    # A mount point of its own, as a machine's root is: without that no mount namespace can be made in it.
    mount --bind "$root" "$root"
    mount --make-private "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    local node
    for node in null zero random urandom tty; do
        [ -e "$root/dev/$node" ] || : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    mkdir -p "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
    ln -sf pts/ptmx "$root/dev/ptmx"
    mount -t tmpfs tmpfs "$root/dev/shm"
}

copy_source() {
    mkdir -p "$root/penstock"
    git -C "$here" archive HEAD | tar -x -C "$root/penstock"
}

# Runs a shell command in the root's source tree, with nothing of this machine's environment.
inside() {
    chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        /bin/bash -c "cd /penstock && $1" </dev/null
}

step "debootstrap" make_root
step "copy the source" copy_source
if [ "$what" = packages ]; then
    # shellcheck disable=SC2016  # expanded inside
    step "packages" inside 'assume_yes=true; . tests/support/debian.sh; install_packages "${build_packages[@]}"; tell_undo'
elif [ "$what" != tests ]; then
    step "quickstart.sh --check" inside './quickstart.sh --check --yes'
fi
if [ "$what" = all ] || [ "$what" = tests ]; then
    step "tests/run.sh $*" inside "tests/run.sh --yes ${*@Q}"
fi
printf '\nfresh machine: all of it succeeded on %d cores\n' "$(nproc)"
printf '%s\n' "${times[@]}"
