#!/usr/bin/env bash
# Runs `make test` in fresh clones of the last commit, under circumstances on which no test may depend.
# usage: [TIMES=1] [PYTEST_ARGS="…"] scripts/test_matrix.sh [CIRCUMSTANCE…]
# Circumstances joined by + are one run: spaces+timezone+umask. Without an argument, each circumstance is one run.
# The logs are in reports/test-matrix/. `user` needs root, and creates the account webapp-tester. `turkish` needs root
# and Debian's package locales, unless the locale exists.
set -euo pipefail
cd "$(dirname "$0")/.."

ALL=(plain spaces letters secret user homeless timezone c-locale turkish umask random busy)
TIMES=${TIMES:-1}
ACCOUNT=webapp-tester

check() {
    local circumstance
    for circumstance in ${*//+/ }; do
        if [[ " ${ALL[*]} " != *" $circumstance "* ]]; then
            echo "test_matrix: '$circumstance' is not a circumstance; choose from: ${ALL[*]}" >&2
            return 2
        fi
        if [ "$EUID" != 0 ] && { [ "$circumstance" = user ] || { [ "$circumstance" = turkish ] && ! has_turkish; }; }; then
            echo "test_matrix: '$circumstance' needs root; run as root, or choose others from: ${ALL[*]}" >&2
            return 2
        fi
    done
    [[ $TIMES =~ ^[1-9][0-9]*$ ]] || { echo "test_matrix: TIMES is '$TIMES', not a number above 0" >&2; return 2; }
}

has_turkish() { locale -a | grep -qix 'tr_TR.utf-\?8'; }

# In /tmp the name has 17 characters, so that DIRECTORY/deploy/lambda/template has 40, as an AWS secret access key has.
place() { mktemp -d "${TMPDIR:-/tmp}/matrixXXXXXX"; }

# Sets top, directory, as, unset, environment, mask, packages and busy for one run.
prepare() {
    top=$(place)
    chmod 755 "$top"
    directory=$top/clone as=() unset=(-u ARGS -u CI -u MAKEFLAGS -u MAKELEVEL -u PYTHONDONTWRITEBYTECODE) environment=() mask=022 packages=() busy=
    for circumstance in ${1//+/ }; do
        case $circumstance in
        plain) ;;
        spaces) directory="$top/a path with spaces" ;;
        letters) directory="$top/Größe-ağaç-путь-長い" ;;
        secret) directory=$top ;;
        user)
            id "$ACCOUNT" >/dev/null 2>&1 || useradd --system --create-home "$ACCOUNT"
            as=(runuser -u "$ACCOUNT" -- env USER="$ACCOUNT" LOGNAME="$ACCOUNT")
            as+=(HOME="$(getent passwd "$ACCOUNT" | cut -d: -f6)")
            ;;
        homeless) unset+=(-u HOME) ;;
        timezone) environment+=(TZ=Pacific/Auckland) ;;
        c-locale) environment+=(LC_ALL=C) ;;
        turkish)
            has_turkish || localedef -i tr_TR -f UTF-8 tr_TR.UTF-8
            environment+=(LC_ALL=tr_TR.UTF-8)
            ;;
        umask) mask=077 ;;
        random) packages=(pytest-randomly) ;;
        busy) busy=yes ;;
        esac
    done
}

# Clones the repository, sets it up and runs the tests, all under the circumstances.
run() {
    umask "$mask"
    local here=(env --chdir="$directory" "${unset[@]}" "${environment[@]}")
    git clone --quiet --no-hardlinks . "$directory"
    ((${#as[@]})) && chown -R "$ACCOUNT:" "$directory"
    "${as[@]}" "${here[@]}" make setup
    if ((${#packages[@]})); then
        "${as[@]}" "${here[@]}" .venv/bin/python -m pip install --quiet "${packages[@]}"
    fi
    for ((time = 1; time <= TIMES; time++)); do
        echo "test_matrix: $time of $TIMES"
        # Run every part, even if an earlier one fails.
        "${as[@]}" "${here[@]}" make --ignore-errors test ARGS="${PYTEST_ARGS:-}" </dev/null 2>&1
    done
}

main() {
    (($#)) || set -- "${ALL[@]}"
    check "$@"
    local failed=() circumstances number=0 logs=reports/test-matrix
    rm -rf "$logs"
    mkdir -p "$logs"
    for circumstances in "$@"; do
        prepare "$circumstances"
        local log=$logs/$((++number))-$circumstances.log started=$SECONDS verdict=passed burner=
        if [ -n "$busy" ]; then
            while :; do :; done &
            burner=$!
            # shellcheck disable=SC2064
            trap "kill $burner" EXIT
        fi
        echo "$circumstances: $directory, into $log"
        # Run in a subshell, since `set -e` has no effect in a function that is called in a condition.
        (set -e; run) >"$log" 2>&1 &
        wait $! || verdict=FAILED
        # Exit code 5 means that pytest ran no tests, since PYTEST_ARGS may select none of a part.
        ! grep -E '^make(\[[0-9]+\])?: .* Error [0-9]+ \(ignored\)' "$log" | grep -qv "Error ${PYTEST_ARGS:+5} " || verdict=FAILED
        if [ -n "$burner" ]; then
            kill "$burner"
            trap - EXIT
        fi
        echo "$circumstances: $verdict after $((SECONDS - started)) s"
        grep -E '^(FAILED|ERROR) |^=+ .*(passed|failed|error).* in [0-9.]+s' "$log" | sed 's/^/    /' || true
        if [ $verdict = passed ]; then
            rm -rf "$top"
        else
            failed+=("$circumstances")
        fi
    done
    ((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}" >&2; return 1; }
}

# Both commands are on one line, so that bash reads no more of this file after the run, even if it has been edited.
main "$@"; exit
