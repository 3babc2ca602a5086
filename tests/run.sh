#!/usr/bin/env bash
# All tests, from a fresh Debian 12 on: installs what is missing, builds, runs. See --help.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'END'
tests/run.sh            presets dev, asan and tsan: build and ctest; then the interop tests with real clients.
                        Meant to end within 30 minutes on 2 cores; what runs longer than 60 is stopped and fails
tests/run.sh --quick    preset dev only, with the interop tests
tests/run.sh --full     also the long ones: preset release, interop at full size, interop on the asan build,
                        clang-19 with warnings as errors, clang-format, clang-tidy, each fuzz
                        target for a minute, the benchmark's table

  --yes         no questions: packages that are in the way may be replaced (also with CI=true in the environment)
  --jobs N      compile jobs (default: one for each core)
  --help        this text

The last line is `N passed, N failed, N skipped`; the exit status is 0 only if nothing failed.
END
}

mode=standard
assume_yes=false
[ "${CI-}" != true ] || assume_yes=true
jobs=$(nproc)
undo_file=$PWD/build/tests-undo.txt
while [ $# -gt 0 ]; do
    case $1 in
        --quick) mode=quick ;;
        --full) mode=full ;;
        --yes) assume_yes=true ;;
        --jobs)
            jobs=${2-}
            shift
            [[ $jobs =~ ^[1-9][0-9]*$ ]] || {
                printf 'tests/run.sh: --jobs wants a number\n' >&2
                exit 2
            }
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            printf 'tests/run.sh: unknown option: %s (see tests/run.sh --help)\n' "$1" >&2
            exit 2
            ;;
    esac
    shift
done

# shellcheck source=tests/support/debian.sh
. tests/support/debian.sh

interop_packages=(
    apache2 caddy curl dante-server git haproxy iproute2 krb5-admin-server krb5-kdc krb5-user microsocks ncat
    netcat-openbsd nginx openssh-client openssh-server openssl proxychains4 python3 squid tinyproxy-bin
)
full_packages=(clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev)

box_seconds=3600
[ "$mode" != full ] || box_seconds=14400
passed=0
failed=0
skipped=0
summary=()

left() { echo $((box_seconds > SECONDS ? box_seconds - SECONDS : 1)); }

# phase NAME COMMAND...: runs the command within what is left of the time box, and notes how long it took.
# A command that counts cases leaves "passed failed skipped" in `cases`; any other counts only when it fails.
phase() {
    local name=$1 began=$SECONDS status=0
    shift
    cases=
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    if [ -z "$cases" ]; then
        cases="0 $((status != 0)) 0"
    fi
    local ok bad skip verdict
    read -r ok bad skip <<<"$cases"
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
        bad=1
    fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    verdict=ok
    [ "$bad" = 0 ] || verdict="FAILED ($bad)"
    summary+=("$(printf '%-34s %5d s  %s' "$name" $((SECONDS - began)) "$verdict")")
    [ "$bad" = 0 ]
}

# build FOLDER PRESET [CMAKE-ARGUMENTS...]: from a fresh configuration, whatever an earlier run left in build/FOLDER.
build() {
    local folder=build/$1 preset=$2 launcher=
    shift 2
    ! command -v ccache >/dev/null || launcher=ccache
    cmake --fresh --preset "$preset" -B "$folder" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" "$@" \
        >build/configure.log 2>&1 || {
        cat build/configure.log
        return 1
    }
    timeout "$(left)" cmake --build "$folder" --parallel "$jobs" -- --quiet
}

run_ctest() {
    local preset=$1 log=build/ctest-$1.log status=0
    timeout --kill-after=10 "$(left)" ctest --preset "$preset" --no-tests=error 2>&1 | tee "$log" || status=$?
    # The closing line of ctest: `97% tests passed, 1 tests failed out of 32`.
    cases=$(sed -nE 's/.*tests passed, ([0-9]+) tests? failed out of ([0-9]+).*/\2 \1/p' "$log" |
        awk '{ print $1 - $2, $2, 0 }')
    return "$status"
}

run_interop() {
    local binary=$1 log=build/interop.log status=0
    shift
    timeout --kill-after=10 "$(left)" python3 tests/interop/run.py --binary "$binary" "$@" 2>&1 | tee "$log" ||
        status=$?
    cases=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
    return "$status"
}

check_format() {
    find src include tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
        xargs -0 clang-format-19 --dry-run --Werror
}

check_tidy() {
    timeout "$(left)" run-clang-tidy-19 -quiet -p build/clang -j "$jobs" "$PWD/src/.*\.cpp"
}

# Every fuzz target with libFuzzer and AddressSanitizer, for a minute each.
run_fuzz() {
    local sources=(tests/fuzz/*_fuzz.cpp) source target ok=0 bad=0
    [ -e "${sources[0]}" ] || return 0
    cmake --fresh --preset dev -B build/fuzz -DCMAKE_CXX_COMPILER=clang++-19 -DPENSTOCK_LIBFUZZER=ON \
        -DCMAKE_CXX_FLAGS='-O1 -g1 -fsanitize=fuzzer-no-link,address' >build/configure.log 2>&1 || {
        cat build/configure.log
        return 1
    }
    for source in "${sources[@]}"; do
        target=fuzz_$(basename "$source" _fuzz.cpp)
        mkdir -p "build/fuzz/corpus/$target"
        if timeout "$(left)" cmake --build build/fuzz --parallel "$jobs" --target "$target" -- --quiet &&
            "$(find build/fuzz -name "$target" -type f)" -max_total_time=60 -rss_limit_mb=2048 -print_final_stats=1 \
                -artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1; then
            ok=$((ok + 1))
            say "$target: $(grep -m1 number_of_executed_units "build/fuzz/$target.log")"
        else
            bad=$((bad + 1))
            say "$target FAILED:"
            tail -n 30 "build/fuzz/$target.log"
        fi
    done
    cases="$ok $bad 0"
}

run_bench() {
    timeout "$(left)" cmake --build build/release --parallel "$jobs" --target penstock_bench -- --quiet &&
        timeout "$(left)" python3 tests/bench/run.py --build build/release --rounds 1
}

# build_and_test PRESET: tests what was built; a preset that does not build counts as one failure.
build_and_test() {
    phase "$1: build" build "$1" "$1" || return 0
    phase "$1: ctest" run_ctest "$1" || true
}

packages=("${build_packages[@]}" "${interop_packages[@]}")
[ "$mode" != full ] || packages+=("${full_packages[@]}")
mkdir -p build
phase "packages" install_packages "${packages[@]}"
tell_undo

build_and_test dev
phase "interop on dev" run_interop build/dev/penstock || true
if [ "$mode" != quick ]; then
    build_and_test asan
    build_and_test tsan
fi
if [ "$mode" = full ]; then
    build_and_test release
    phase "interop on release, full size" run_interop build/release/penstock --full || true
    phase "fuzz" run_fuzz || true
    phase "benchmark" run_bench || true
    phase "interop on asan" run_interop build/asan/penstock || true
    phase "clang-format" check_format || true
    if phase "clang-19: build" build clang dev -DCMAKE_CXX_COMPILER=clang++-19; then
        phase "clang-tidy" check_tidy || true
    fi
fi

printf '\n'
printf '%s\n' "${summary[@]}"
printf 'all of it %30d s\n\n' "$SECONDS"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
