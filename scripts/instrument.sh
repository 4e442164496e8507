#!/bin/sh
# Creates an environment with the project's packages and those of one tool that instruments Django.
# usage: scripts/instrument.sh TOOL, where TOOL is a name in requirements/instruments/
set -eu
cd "$(dirname "$0")/.."
unset PYTHONDONTWRITEBYTECODE || true

place=.venv-instruments/$1
rm -rf "$place"
.venv/bin/python -m venv --without-pip "$place"
.venv/bin/python -m pip --python "$place/bin/python" install --quiet --disable-pip-version-check --require-hashes \
    -r "requirements/instruments/$1.txt"
# The project's packages come after the tool's on the path. Their directory must be a site directory, since the project
# itself is installed with a .pth file too.
.venv/bin/python - "$place" <<'PYTHON'
import subprocess, sys, sysconfig
from pathlib import Path

directory = 'import sysconfig; print(sysconfig.get_path("purelib"))'
command = [f"{sys.argv[1]}/bin/python", "-c", directory]
tools = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
(tools / "project.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8")
PYTHON
touch "$place/.ready"
