"""Decides the headers of WEBAPP_SECURITY_HEADERS: Content-Security-Policy and Permissions-Policy."""

from collections.abc import Mapping
from typing import Any

import django

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.adopt.steps.applications import place_of
from django_runtimes.adopt.steps.file_origins import file_origins
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.choices import PolicyMode
from django_runtimes.config.variables.security_variables import CSP, SECURITY_HEADERS

_SECURITY = "django.middleware.security.SecurityMiddleware"
_PERMISSIONS = "django_permissions_policy.PermissionsPolicyMiddleware"
_TEMPLATES = "django.template.backends.django.DjangoTemplates"
# Django has Content-Security-Policy since version 6.0.
_HAS_CSP = django.VERSION >= (6, 0)
_DJANGO_CSP, _DJANGOS = "csp.middleware.CSPMiddleware", "django.middleware.csp.ContentSecurityPolicyMiddleware"
_NONCE_OF_DJANGO_CSP, _NONCE_OF_DJANGO = (
    "django_runtimes.security.nonce.csp",
    "django.template.context_processors.csp",
)
_SETTINGS = {PolicyMode.ENFORCE: "SECURE_CSP", PolicyMode.REPORT_ONLY: "SECURE_CSP_REPORT_ONLY"}
# django-csp's name of each setting.
_OF_DJANGO_CSP = {
    "SECURE_CSP": "CONTENT_SECURITY_POLICY",
    "SECURE_CSP_REPORT_ONLY": "CONTENT_SECURITY_POLICY_REPORT_ONLY",
}
_DIRECTIVES = '{"default-src": ["\'self\'"]}'
_EXAMPLES = {
    **dict.fromkeys(_OF_DJANGO_CSP, _DIRECTIVES),
    **dict.fromkeys(_OF_DJANGO_CSP.values(), f'{{"DIRECTIVES": {_DIRECTIVES}}}'),
}
# Devices and sensors that a page of a Django application rarely needs; all browsers with the header know the names.
_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_ON = "WEBAPP_SECURITY_HEADERS=1"


def set_security_headers(draft: Draft, variables: ProcessVariables) -> None:
    """Set the policies that the project does not set itself, and the middleware that sends them."""
    mode = variables[CSP]
    if not variables[SECURITY_HEADERS]:
        if variables.is_set(CSP):
            raise ConfigurationError(
                f"{CSP.name}='{mode}' has no effect without {SECURITY_HEADERS.name}; set {SECURITY_HEADERS.name}=1, or "
                f"unset {CSP.name}"
            )
        return
    draft.default("PERMISSIONS_POLICY", {feature: [] for feature in _FEATURES}, f"{_ON}: no page may use devices")
    added = [_SECURITY, _PERMISSIONS]
    if mode is not PolicyMode.NONE:
        is_djangos = _HAS_CSP and not _has_policy_of_django_csp(draft)
        _set_policy(draft, variables, mode, is_djangos=is_djangos)
        _set_nonce(draft, _NONCE_OF_DJANGO if is_djangos else _NONCE_OF_DJANGO_CSP)
        added.append(_DJANGOS if is_djangos else _DJANGO_CSP)
    _add_middleware(draft, added)


def _has_policy_of_django_csp(draft: Draft) -> bool:
    """Return whether the project has a policy for django-csp, and none for Django 6."""
    return any(draft.value(name) for name in _OF_DJANGO_CSP.values()) and not any(
        draft.value(name) for name in _OF_DJANGO_CSP
    )


def _set_policy(draft: Draft, variables: ProcessVariables, mode: PolicyMode, *, is_djangos: bool) -> None:
    """Set the default policy unless the project has one, and pass policies on to django-csp if that sends them."""
    for name in (*_OF_DJANGO_CSP, *_OF_DJANGO_CSP.values()):
        if not isinstance(policy := draft.value(name) or {}, Mapping):
            raise ConfigurationError(
                f"{name} is of type {type(policy).__name__} but must be a dictionary; write {name} = {_EXAMPLES[name]}"
            )
    if not any(draft.value(name) for name in (*_OF_DJANGO_CSP, *_OF_DJANGO_CSP.values())):
        from django_runtimes.security.content_policy import default_policy

        policy = default_policy(
            file_origins(draft, variables, "staticfiles", "STATIC_URL"),
            file_origins(draft, variables, "default", "MEDIA_URL"),
            str(draft.value("X_FRAME_OPTIONS")),
        )
        draft.set(_SETTINGS[mode], policy, f"{_ON}: the settings have no policy")
    if is_djangos:
        return
    from django_runtimes.security.content_policy import as_django_csp

    for name, other in _OF_DJANGO_CSP.items():
        if policy := draft.value(name):
            draft.default(other, as_django_csp(policy), f"{name}, which django-csp sends here")


def _set_nonce(draft: Draft, processor: str) -> None:
    """Give Django's templates the variable `csp_nonce`."""
    engines = draft.value("TEMPLATES")
    if not isinstance(engines, list | tuple):
        return
    after = [_with_nonce(engine, processor) for engine in engines]
    if any(new is not engine for new, engine in zip(after, engines, strict=True)):
        draft.set("TEMPLATES", type(engines)(after), f"{_ON}: templates get csp_nonce")


def _with_nonce(engine: Any, processor: str) -> Any:
    if not isinstance(engine, Mapping) or engine.get("BACKEND") != _TEMPLATES:
        return engine
    options = engine.get("OPTIONS") or {}
    processors = list(options.get("context_processors", ()))
    if processor in processors:
        return engine
    return {**engine, "OPTIONS": {**options, "context_processors": [*processors, processor]}}


def _add_middleware(draft: Draft, names: list[str]) -> None:
    """Add each middleware that is missing, SecurityMiddleware first and the others right after it.

    There they also see the responses of WhiteNoise and of middleware that answers by itself.
    """
    before = draft.value("MIDDLEWARE")
    after = list(before)
    for name in names:
        if place_of(after, name) is None:
            place = place_of(after, _SECURITY)
            after.insert(0 if place is None else place + 1, name)
    if after != list(before):
        draft.set("MIDDLEWARE", type(before)(after), f"{_ON}: this middleware sends the headers")
