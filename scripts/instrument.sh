#!/bin/sh
# One environment for a tool that instruments Django: the project's packages, and beside them the tool's locked ones.
# usage: scripts/instrument.sh TOOL, a name in requirements/instruments/
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE || true

place=.venv-instruments/$1
rm -rf "$place"
.venv/bin/python -m venv --without-pip "$place"
.venv/bin/python -m pip --python "$place/bin/python" install --quiet --disable-pip-version-check --require-hashes \
    -r "requirements/instruments/$1.txt"
# Behind the tool's own packages on the path. As a site directory: the project itself is in it by such a file, too.
.venv/bin/python - "$place" <<'PYTHON'
import subprocess, sys, sysconfig
from pathlib import Path

directory = 'import sysconfig; print(sysconfig.get_path("purelib"))'
command = [f"{sys.argv[1]}/bin/python", "-c", directory]
tools = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
(tools / "project.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8")
PYTHON
touch "$place/.ready"
