"""Packs an installed distribution as a wheel, or builds one from the folder of an editable installation."""

import base64
import hashlib
import importlib.util
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from django_runtimes.cli.tool_error import UsageError

_TIMEOUT_S = 300
# The oldest time that a ZIP file can store; a fixed time makes the wheel reproducible.
_TIME = (1980, 1, 1, 0, 0, 0)
# These files come from the installer, not from the wheel.
_INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"})


def packed_wheel(dist: Distribution) -> tuple[str, bytes]:
    """Return the file name and the content of a wheel with the installed files."""
    if not dist.files:
        raise UsageError(f"the installed {dist.name} has no list of its files; install it again with pip or uv")
    files = sorted(_installed_files(dist), key=lambda entry: entry[0].as_posix())
    info = next(path.parent.name for path, _ in files if path.parent.suffix == ".dist-info")
    buffer = io.BytesIO()
    record = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(content)}\n")
            archive.writestr(_entry(path.as_posix()), content)
        record.append(f"{info}/RECORD,,\n")
        archive.writestr(_entry(f"{info}/RECORD"), "".join(record))
    tags = [line.partition(":")[2].strip() for line in (dist.read_text("WHEEL") or "").splitlines() if "Tag:" in line]
    return f"{info.removesuffix('.dist-info')}-{tags[0]}.whl", buffer.getvalue()


def _installed_files(dist: Distribution) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the files, except compiled ones and commands, which an installer recreates."""
    for path in dist.files or []:
        if ".." in path.parts or path.suffix == ".pyc" or path.name in _INSTALLER_FILES:
            continue
        try:
            yield PurePosixPath(path), path.read_binary()
        except OSError as error:
            raise UsageError(
                f"{path} of the installed {dist.name} cannot be read ({error.strerror}); install it again"
            ) from None


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def built_wheel(folder: Path) -> tuple[str, bytes]:
    """Build a wheel from a source folder, and return its file name and content."""
    with tempfile.TemporaryDirectory(prefix="webapp-init-") as output:
        for command in _build_commands(folder, output):
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
            )
            wheels = list(Path(output).glob("*.whl"))
            if ended.returncode == 0 and wheels:
                return wheels[0].name, wheels[0].read_bytes()
        reason = (ended.stderr.strip() or ended.stdout.strip() or "no output").splitlines()[-1]
    raise UsageError(
        f"cannot build a wheel from {folder} ({reason}); install hatchling in this environment, and run this again"
    )


def _build_commands(folder: Path, output: str) -> Iterator[list[str]]:
    if importlib.util.find_spec("hatchling"):
        call = "import sys, hatchling.build; hatchling.build.build_wheel(sys.argv[1])"
        yield [sys.executable, "-B", "-c", call, output]
    if uv := shutil.which("uv"):
        yield [uv, "build", "--quiet", "--wheel", "--out-dir", output, str(folder)]
    yield [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", output, str(folder)]
