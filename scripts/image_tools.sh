#!/bin/sh
# Sets up the tools for the image's tests, then runs the given command. The tools are podman with storage of its own, a
# base image that needs no registry, and AWS's Lambda emulator. They are in one cache directory outside the checkout;
# `scripts/image_tools.sh podman images` lists its images.
set -eu
cd "$(dirname "$0")/.."
checkout=$(pwd)
home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
cache="${XDG_CACHE_HOME:-$home/.cache}/webapp/image"

say() { printf '%s\n' "image: $*" >&2; }

# CI=true turns a missing requirement into a failure.
skip() {
    say "skipped: $*"
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

[ "$(uname -s)" = Linux ] || skip "it needs Linux"
[ "$(id -u)" = 0 ] || skip "podman's networks and limits need root; run it as root"
missing() { for program in podman runc mmdebstrap netavark iptables; do
    command -v "$program" >/dev/null 2>&1 || [ -x "/usr/lib/podman/$program" ] || printf '%s ' "$program"
done; }
if [ -n "$(missing)" ]; then
    command -v apt-get >/dev/null 2>&1 || skip "it needs $(missing)and there is no apt-get to install them"
    say "installing $(missing)"
    # The list is our own and must be split into words.
    # shellcheck disable=SC2046
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(missing); } \
        >/dev/null 2>&1 || skip "$(missing)cannot be installed from here; install them and run this again"
fi

mkdir -p "$cache"
cat >"$cache/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "$cache/run"
CONF
# Use runc and explicit limits: crun and the default limits fail on machines with both cgroup versions.
cat >"$cache/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
CONF
export CONTAINERS_STORAGE_CONF="$cache/storage.conf" CONTAINERS_CONF="$cache/containers.conf"

# podman may leave files in its working directory.
cd "$cache"
if ! podman image exists localhost/python-base:trixie; then
    say "making the base image (once, about half a minute)"
    # mmdebstrap runs the hook in a shell of its own, in which $1 is the new root.
    # shellcheck disable=SC2016
    mmdebstrap --quiet --mode=root --variant=minbase --include=python3,python3-venv,ca-certificates \
        --aptopt='Acquire::Check-Valid-Until "false"' --customize-hook='ln -sf python3 "$1/usr/bin/python"' \
        trixie base.tar
    podman import --quiet base.tar localhost/python-base:trixie >/dev/null
    rm base.tar
fi

# docker.io's python:slim, the Dockerfile's default, has no compiled files either.
if ! podman image exists localhost/python-base:uncompiled; then
    say "making the base image without compiled files"
    printf 'FROM localhost/python-base:trixie\nRUN find / -xdev -name "*.pyc" -delete\n' |
        podman build --quiet --squash-all --network none --tag localhost/python-base:uncompiled - >/dev/null
fi

if [ ! -x aws-lambda-rie ]; then
    say "unpacking AWS's Lambda emulator"
    rm -rf wheel && mkdir wheel
    "$checkout/.venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --dest wheel -r "$checkout/requirements/emulator.txt"
    case "$(uname -m)" in x86_64) processor=x86_64 ;; *) processor=arm64 ;; esac
    "$checkout/.venv/bin/python" - "$processor" <<'UNPACK'
import sys
from pathlib import Path
from zipfile import ZipFile

with ZipFile(next(Path("wheel").glob("*.whl"))) as wheel:
    content = wheel.read(f"samcli/local/rapid/aws-lambda-rie-{sys.argv[1]}")
emulator = Path("aws-lambda-rie")
emulator.write_bytes(content)
emulator.chmod(0o755)
UNPACK
    rm -rf wheel
fi

cd "$checkout"
[ $# = 0 ] || exec "$@"
