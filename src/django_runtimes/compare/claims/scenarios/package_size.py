"""Claim: a smaller package starts faster."""

import os
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.compare.analysis.ratio import SAME_TO, Ratio
from django_runtimes.compare.claims.claim import Claim, ClaimEvidence, Decision, confirmed, not_shown, refuted
from django_runtimes.compare.claims.claim_services import LAMBDA_HANDLER, ClaimServices
from django_runtimes.compare.claims.paired_durations import paired_durations, ratio_between, ratio_figures
from django_runtimes.compare.claims.start_clock import StartedFunction
from django_runtimes.compare.record.claim_result import ClaimFigure
from django_runtimes.compare.targets.name import TargetName

_DATABASE = "claims"
_TARGET = TargetName.parse("aws_lambda/per_request/direct")
# The extra [compare] contains these packages, and the application uses none of them.
_IMPORTED = ("aiohttp.web", "rich.console", "rich.progress", "rich.markdown", "psutil", "uvicorn")
_PACKAGES, _MODULES, _MODULE_BYTES = 100, 5, 100_000


@dataclass(frozen=True)
class PackageRatios:
    """The start with unused packages to the start without: only installed, and imported."""

    size_mb: float
    installed: Ratio | None
    imported: Ratio | None


def judge_package_size(ratios: PackageRatios) -> Decision:
    """Decide by the size on disk alone; the imports are a second figure."""
    if ratios.installed is None:
        return not_shown("there were too few rounds for an interval")
    found = (
        f"{ratios.size_mb:.0f} MB of installed, unused packages made a start {ratios.installed.low:.2f} to "
        f"{ratios.installed.high:.2f} times as long"
    )
    if ratios.imported is not None:
        found += f", and importing unused packages {ratios.imported.low:.2f} to {ratios.imported.high:.2f} times"
    if ratios.installed.low > 1:
        return confirmed(found)
    if ratios.installed.high <= SAME_TO:
        return refuted(found)
    return not_shown(found)


async def measure_package_size(services: ClaimServices, *, rounds: int = 12) -> ClaimEvidence:
    """Start the same function without and with unused packages, in rounds."""
    server = services.postgres(_DATABASE)
    measured = services.startable(_TARGET, server, _DATABASE)
    # Each variant has one more folder on Python's path, so that they differ only in its content.
    base, installed, imported = (services.workspace / name for name in ("base", "installed", "imported"))
    for folder in (base, installed, imported):
        folder.mkdir()
    size_mb = _write_packages(installed)
    # Python imports this module at its start.
    (imported / "sitecustomize.py").write_text(f"import {', '.join(_IMPORTED)}\n")
    own_path = measured.environ.get("PYTHONPATH", "")
    measures = {}
    for folder in (base, installed, imported):
        environ = {**measured.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(folder), own_path]))}
        function = services.function(f"package-{folder.name}", LAMBDA_HANDLER, environ, measured.directory)
        started = await services.stack.enter_async_context(StartedFunction(function))
        # The first start reads files from the disk.
        await started.start_ms()
        measures[folder.name] = started.start_ms
    starts_ms = await paired_durations(measures, rounds=rounds, seed=rounds)
    ratios = PackageRatios(
        size_mb=size_mb,
        installed=ratio_between(starts_ms["installed"], starts_ms["base"]),
        imported=ratio_between(starts_ms["imported"], starts_ms["base"]),
    )
    figures = {"start, installed / base": ratios.installed, "start, imported / base": ratios.imported}
    return ClaimEvidence(
        (
            ClaimFigure("unused packages on Python's path", _PACKAGES),
            ClaimFigure("their size", size_mb, "MB"),
            *ratio_figures(figures),
        ),
        judge_package_size(ratios),
        measured.subject,
    )


def _write_packages(folder: Path) -> float:
    """Write packages of Python modules that nothing imports, and return their size in MB."""
    source = ("# An unused line of source code.\n" * (_MODULE_BYTES // 33)).encode()
    for package in range(_PACKAGES):
        directory = folder / f"unused_{package}"
        directory.mkdir(parents=True)
        for name in ("__init__", *(f"module_{module}" for module in range(_MODULES - 1))):
            (directory / f"{name}.py").write_bytes(source)
    return round(_PACKAGES * _MODULES * len(source) / 1e6, 1)


CLAIM = Claim(
    name="smaller-package-starts-faster",
    sentence="A smaller package starts faster.",
    measured="The start of the same function until it is ready, without the time in which it waits for a CPU, in "
    "rounds, with one more folder on Python's path: an empty one; one with "
    f"{_PACKAGES} unused packages ({_PACKAGES * _MODULES * _MODULE_BYTES // 1_000_000} MB) that nothing imports; and "
    f"one that makes Python import unused packages at its start ({', '.join(_IMPORTED)}).",
    rule="The size on disk decides: confirmed if the whole interval of the ratio (installed to base) is above 1, "
    f"refuted if it is at most {SAME_TO:g}.",
    emulated="The Lambda service. Pulling an image or unpacking a zip is not measurable here, and files come from this "
    "machine's page cache. On AWS a larger package may take longer to load.",
    expected_s=18,
    test=measure_package_size,
)
