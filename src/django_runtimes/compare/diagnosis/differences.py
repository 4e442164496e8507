"""Finds the differences between a failed target and one that worked."""

from collections.abc import Mapping

from django_runtimes.compare.diagnosis.masking import HIDDEN, is_secret, masked, secrets_of
from django_runtimes.compare.record.diagnosis import Difference
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile_choice import choose_profile
from django_runtimes.config.variables.application_variables import POOL_WAITS_DIRECTORY, SECRET_KEY
from django_runtimes.config.variables.database.database_address import DATABASE_URL

# These variables differ for every target.
_PER_TARGET = frozenset({DATABASE_URL.name, POOL_WAITS_DIRECTORY.name, SECRET_KEY.name})
# This setting repeats values of the variables and the profile.
_DERIVED_SETTINGS = frozenset({"DJANGO_RUNTIMES"})
_UNSET = "-"
_MAX_LENGTH = 160


def differences(
    failed: Mapping[str, str],
    worked: Mapping[str, str],
    *,
    failed_settings: Mapping[str, str],
    worked_settings: Mapping[str, str],
) -> tuple[Difference, ...]:
    """Return the differing variables, values of the derived profiles and, if both could be read, settings."""
    secrets = secrets_of(failed) | secrets_of(worked)
    found = _differing(_variables(failed), _variables(worked))
    profiles = _profile(failed), _profile(worked)
    if all(profiles):
        found += _differing(*profiles)
    if failed_settings and worked_settings:
        found += _differing(_own_settings(failed_settings), _own_settings(worked_settings))
    return tuple(Difference(name, *(_shown(name, value, secrets) for value in values)) for name, *values in found)


def _differing(failed: Mapping[str, str], worked: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [
        (name, failed.get(name, _UNSET), worked.get(name, _UNSET))
        for name in {**failed, **worked}
        if failed.get(name) != worked.get(name)
    ]


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in _PER_TARGET}


def _own_settings(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name not in _DERIVED_SETTINGS}


def _profile(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        profile = choose_profile(detect_runtime(environ).runtime, Environment(environ))
    except ConfigurationError:
        # The target raised this error too, so its log shows it.
        return {}
    return {f"profile.{name}": str(value) for name, value in profile._asdict().items()}


def _shown(name: str, value: str, secrets: frozenset[str]) -> str:
    if is_secret(name) and value != _UNSET:
        return HIDDEN
    shown = masked(value, secrets)
    return shown if len(shown) <= _MAX_LENGTH else f"{shown[: _MAX_LENGTH - 1]}…"
