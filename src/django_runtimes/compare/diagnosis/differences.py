"""What sets a failed target apart from one that worked."""

from collections.abc import Mapping

from django_runtimes.compare.diagnosis.diagnosis import Difference
from django_runtimes.compare.diagnosis.masking import HIDDEN, is_secret, masked, secrets_of
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.runtimes.detection import detect_runtime
from django_runtimes.config.runtimes.profile import choose_profile
from django_runtimes.config.variables.application_variables import SECRET_KEY
from django_runtimes.config.variables.database_address import DATABASE_URL

# A comparison gives each target its own.
_OWN = frozenset({DATABASE_URL.name, SECRET_KEY.name})
# Settings that hold what variables and profile say.
_TOLD_ABOVE = frozenset({"DJANGO_RUNTIMES"})
_UNSET = "-"
_LONGEST = 160


def differences(
    failed: Mapping[str, str],
    worked: Mapping[str, str],
    *,
    failed_settings: Mapping[str, str],
    worked_settings: Mapping[str, str],
) -> tuple[Difference, ...]:
    """Of variables, of the profile that follows from them, and of settings where both could be read."""
    secrets = secrets_of(failed) | secrets_of(worked)
    found = _differing(_variables(failed), _variables(worked))
    profiles = _profile(failed), _profile(worked)
    if all(profiles):
        found += _differing(*profiles)
    if failed_settings and worked_settings:
        found += _differing(_projects(failed_settings), _projects(worked_settings))
    return tuple(Difference(name, *(_shown(name, value, secrets) for value in values)) for name, *values in found)


def _differing(failed: Mapping[str, str], worked: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [
        (name, failed.get(name, _UNSET), worked.get(name, _UNSET))
        for name in {**failed, **worked}
        if failed.get(name) != worked.get(name)
    ]


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in _OWN}


def _projects(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name not in _TOLD_ABOVE}


def _profile(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        profile = choose_profile(detect_runtime(environ).runtime, Environment(environ))
    except ConfigurationError:
        # Why the target failed, which its log tells.
        return {}
    return {f"profile.{name}": str(value) for name, value in profile._asdict().items()}


def _shown(name: str, value: str, secrets: frozenset[str]) -> str:
    if is_secret(name) and value != _UNSET:
        return HIDDEN
    shown = masked(value, secrets)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
