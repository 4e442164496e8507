"""Diagnoses the failed targets of a run after all targets have stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.compare.codebase.codebase import Codebase
from django_runtimes.compare.diagnosis.differences import differences
from django_runtimes.compare.diagnosis.kept_logs import keep_logs
from django_runtimes.compare.diagnosis.log_error import first_error, last_lines
from django_runtimes.compare.diagnosis.masking import masked, secrets_of
from django_runtimes.compare.diagnosis.settings_reading import read_settings
from django_runtimes.compare.record.diagnosis import Diagnosis


@dataclass(frozen=True)
class Examined:
    """The inputs of a diagnosis: a target's variables, database and process logs."""

    name: str
    environ: Mapping[str, str]
    database: str
    logs: Sequence[Path]


class FailureDiagnosis:
    """Compares each failed target with the most similar one that worked."""

    def __init__(
        self, codebase: Codebase, workspace: Path, worked: Sequence[Examined], *, kept: Path | None = None
    ) -> None:
        """Write the complete logs of failed targets into the folder `kept`, if given."""
        self._kept = kept
        self._codebase = codebase
        self._workspace = workspace
        self._worked = worked
        self._settings: dict[str, dict[str, str]] = {}

    def diagnose(self, failed: Examined) -> Diagnosis:
        """Return the failed target's log and its differences, without secrets."""
        secrets = secrets_of(failed.environ)
        error = first_error(failed.logs)
        log = tuple(masked(line, secrets) for line in error or last_lines(failed.logs))
        kept_log = None if self._kept is None else keep_logs(failed.name, failed.logs, self._kept, secrets)
        if not self._worked:
            return Diagnosis(log, None, (), is_excerpt=not error, kept_log=kept_log)
        nearest = min(self._worked, key=lambda worked: len(failed.environ.items() ^ worked.environ.items()))
        return Diagnosis(
            log,
            nearest.name,
            differences(
                _without_database(failed, failed.environ),
                _without_database(nearest, nearest.environ),
                failed_settings=self._settings_of(failed),
                worked_settings=self._settings_of(nearest),
            ),
            is_excerpt=not error,
            kept_log=kept_log,
        )

    def _settings_of(self, examined: Examined) -> dict[str, str]:
        if examined.name not in self._settings:
            log = self._workspace / f"settings-{len(self._settings)}.log"
            settings = read_settings(self._codebase, examined.environ, log=log)
            self._settings[examined.name] = _without_database(examined, settings)
        return self._settings[examined.name]


def _without_database(examined: Examined, values: Mapping[str, str]) -> dict[str, str]:
    """Replace the name of the target's database, which differs for every target and explains nothing."""
    return {name: value.replace(examined.database, "(its database)") for name, value in values.items()}
