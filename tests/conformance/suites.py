"""Django's suites, from the source archive of the locked version."""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_LOCK = _ROOT / "requirements/development.txt"
PLACE = _ROOT / ".conformance"
_PIN = re.compile(r"^django==(\S+) \\\n((?:    --hash=sha256:\w+(?: \\)?\n)+)", re.MULTILINE)


class SuitesError(Exception):
    """The suites do not match the lock file, or cannot be downloaded."""


def fetch_suites() -> Path:
    """Return Django's folder `tests`, from an archive that is downloaded once and checked every time."""
    version, hashes = _locked(_LOCK.read_text(encoding="utf-8"))
    PLACE.mkdir(exist_ok=True)
    archive = PLACE / f"django-{version}.tar.gz"
    if not archive.exists():
        _download(version, hashes)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest not in hashes:
        raise SuitesError(f"{archive} has the SHA-256 {digest}, which {_LOCK.name} does not name; delete it")
    tree = PLACE / archive.name.removesuffix(".tar.gz")
    if not tree.exists():
        with tempfile.TemporaryDirectory(dir=PLACE) as directory, tarfile.open(archive) as tar:
            # Python 3.11.4 brought the filter; the archive is one that the lock file names.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(directory)
            Path(directory, tree.name).rename(tree)
    return tree / "tests"


def _locked(lock: str) -> tuple[str, list[str]]:
    pin = _PIN.search(lock)
    if pin is None:
        raise SuitesError(f"{_LOCK.name} has no hashed line for django; run `make lock`")
    return pin[1], re.findall(r"sha256:(\w+)", pin[2])


def _download(version: str, hashes: list[str]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=PLACE) as requirements:
        requirements.write(f"django=={version} " + " ".join(f"--hash=sha256:{value}" for value in hashes))
        requirements.flush()
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary=django", "--require-hashes"]
        command = [sys.executable, "-m", "pip", "download", *options, f"--dest={PLACE}", "-r", requirements.name]
        if subprocess.run(command, check=False).returncode != 0:
            raise SuitesError(f"pip cannot download the source archive of django=={version}; see above")
