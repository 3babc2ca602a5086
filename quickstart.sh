#!/usr/bin/env bash
# From a fresh Debian 12 to a working tunnel in one command: installs what is missing, builds penstock, starts the demo
# and fetches a page through it. See --help.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
    cat <<'END'
./quickstart.sh            install what is missing, build, start `penstock demo`, show a fetch through it, stay
                           until Ctrl-C
./quickstart.sh --check    the same, then exit 0 (for machines)

  --yes     no questions: packages that are in the way may be replaced
  --help    this text

It works as root, or as a user who may use sudo. Installed packages are replaced or removed only after a question.
END
}

assume_yes=false
check_only=false
undo_file=$PWD/build/quickstart-undo.txt
for argument in "$@"; do
    case $argument in
        --check) check_only=true ;;
        --yes) assume_yes=true ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            printf 'quickstart.sh: unknown option: %s (see ./quickstart.sh --help)\n' "$argument" >&2
            exit 2
            ;;
    esac
done

# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

demo_pid=
target_pid=
scratch=$(mktemp -d)
clean_up() {
    trap - EXIT
    [ -z "$target_pid" ] || kill "$target_pid" 2>/dev/null || true
    if [ -n "$demo_pid" ] && kill "$demo_pid" 2>/dev/null; then
        wait "$demo_pid" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for_line FILE PATTERN PID: waits until the file has a line that matches, and prints that line.
wait_for_line() {
    local file=$1 pattern=$2 pid=$3
    for _ in $(seq 200); do
        if grep -m1 -E "$pattern" "$file" 2>/dev/null; then
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

build() {
    local log=$scratch/build.log began=$SECONDS
    say "Building penstock (a few minutes the first time) ..."
    cmake --preset release >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        die "cmake could not configure the build (what it said is above)"
    }
    if [ -t 1 ]; then
        cmake --build --preset release --target penstock || die "the build failed (the first error is above)"
    else
        cmake --build --preset release --target penstock >"$log" 2>&1 || {
            grep -E -m5 -A5 'error:|FAILED' "$log" >&2 || tail -n 30 "$log" >&2
            die "the build failed (the first errors are above)"
        }
    fi
    say "Built build/release/penstock in $((SECONDS - began)) s."
}

# Starts the demo in the background; on 127.0.0.1:1080, or on a free port where that one is taken.
start_demo() {
    local log=$scratch/demo.log line
    penstock=$PWD/build/release/penstock
    "$penstock" demo >"$log" 2>&1 &
    demo_pid=$!
    if ! line=$(wait_for_line "$log" 'gateway\.listening address=' "$demo_pid"); then
        if kill -0 "$demo_pid" 2>/dev/null || ! grep -q 'in use' "$log"; then
            cat "$log" >&2
            die "penstock demo did not start (its log is above)"
        fi
        say "127.0.0.1:1080 is taken; using a free port."
        "$penstock" demo --listen 127.0.0.1:0 >"$log" 2>&1 &
        demo_pid=$!
        line=$(wait_for_line "$log" 'gateway\.listening address=' "$demo_pid") || {
            cat "$log" >&2
            die "penstock demo did not start (its log is above)"
        }
    fi
    proxy=${line##*address=}
    proxy=${proxy%% *}
}

# A page to fetch that needs no network.
start_target() {
    local log=$scratch/target.log line
    mkdir "$scratch/www"
    say "This page came through the tunnel." >"$scratch/www/index.html"
    python3 -u -m http.server --bind 127.0.0.1 --directory "$scratch/www" 0 >"$log" 2>&1 &
    target_pid=$!
    line=$(wait_for_line "$log" '^Serving HTTP on' "$target_pid") || {
        cat "$log" >&2
        die "the local web server for the demonstration did not start"
    }
    [[ $line =~ port\ ([0-9]+) ]] || die "cannot read the port in: $line"
    target=http://127.0.0.1:${BASH_REMATCH[1]}/
}

# fetch WHAT CURL-OPTIONS...: fetches the page and says so.
fetch() {
    local what=$1 page
    shift
    say ""
    say "\$ curl $* $target"
    page=$(curl --silent --show-error --fail --max-time 20 --noproxy '' "$@" "$target") || {
        tail -n 20 "$scratch/demo.log" >&2
        die "the fetch through $what failed (the demo's log is above)"
    }
    say "$page"
    [ "$page" = "This page came through the tunnel." ] || die "the fetch through $what brought something else"
}

# Background jobs of a script ignore Ctrl-C; the script itself gets it, and ends the demo with a SIGTERM.
stay() {
    trap 'say ""; say "Stopped."; exit 0' INT
    say ""
    say "The demo runs until Ctrl-C. Its log:"
    tail -n +1 -f --pid="$demo_pid" "$scratch/demo.log" &
    local tail_pid=$!
    wait "$demo_pid" || die "penstock demo ended by itself (its log is above)"
    kill "$tail_pid" 2>/dev/null || true
}

install_packages "${build_packages[@]}" curl python3
tell_undo
build
start_demo
start_target
fetch SOCKS5 --proxy "socks5h://$proxy"
fetch CONNECT --proxytunnel --proxy "http://$proxy"
say ""
say "It works. The proxy listens on $proxy for SOCKS4, SOCKS4a, SOCKS5 and HTTP. Type next, in another terminal:"
say ""
say "    curl --proxy socks5h://$proxy https://www.debian.org/"
say "    ssh -o ProxyCommand='$penstock nc --via $proxy %h %p' user@host"
say "    a browser: set its SOCKS5 host to ${proxy%:*}, port ${proxy##*:}, and tick 'proxy DNS when using SOCKS'"
say ""
say "Two machines instead of this demo: README.md, 'Two machines'. All commands: $penstock help"
"$check_only" || stay
