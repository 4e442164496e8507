"""Puts the cache and the sessions into the store of WEBAPP_STORE_URL."""

from typing import Any

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import MISSING, Draft, SettingChange
from django_runtimes.config.aws_profile import read_aws_profile
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.region import aws_region
from django_runtimes.config.store_url import StoreAddress, StoreKind
from django_runtimes.config.values.choices import SessionPlace
from django_runtimes.config.variables.store_variables import SESSIONS, STORE_URL

SESSIONS_ALIAS = "store_sessions"
STORE_SESSIONS = "django_runtimes.stores.sessions"
REDIS_CACHE = "django_runtimes.stores.redis_cache.RedisStoreCache"
_DATABASE_SESSIONS = "django.contrib.sessions.backends.db"
_CACHED_SESSIONS = "django.contrib.sessions.backends.cache"
_SESSIONS_APP = "django.contrib.sessions"
# The cache misses while the store does not answer, and the sessions raise an error.
_BACKENDS = {
    StoreKind.MEMORY: ("django.core.cache.backends.locmem.LocMemCache",) * 2,
    StoreKind.REDIS: (REDIS_CACHE, "django_runtimes.stores.redis_cache.StrictRedisCache"),
    StoreKind.DYNAMODB: (
        "django_runtimes.stores.dynamodb.dynamodb_cache.DynamoDBStoreCache",
        "django_runtimes.stores.dynamodb.dynamodb_cache.StrictDynamoDBCache",
    ),
}
# The project's own choices about keys and lifetimes, which hold in any cache.
_KEPT = ("TIMEOUT", "KEY_PREFIX", "VERSION", "KEY_FUNCTION")
_CACHE_PREFIX, _SESSIONS_PREFIX = "cache", "sessions"


def set_caches(draft: Draft, variables: ProcessVariables) -> None:
    """Set the default cache, and the cache of sessions, to the store."""
    address = variables[STORE_URL]
    if address is None:
        return
    place = _place(address, variables)
    backend, strict = _BACKENDS[address.kind]
    caches: dict[str, Any] = draft.value("CACHES")
    own = caches.get("default", {})
    kept = {key: own[key] for key in _KEPT if key in own}
    prefix = kept.get("KEY_PREFIX") or _CACHE_PREFIX
    changed = {
        "default": {**kept, "BACKEND": backend, **place, "KEY_PREFIX": prefix},
        SESSIONS_ALIAS: {"BACKEND": strict, **place, "KEY_PREFIX": _SESSIONS_PREFIX},
    }
    if address.kind is StoreKind.MEMORY:
        # Django's caches in memory are told apart by their location.
        changed[SESSIONS_ALIAS]["LOCATION"] = SESSIONS_ALIAS
    if not _are_sessions_in_store(draft, variables, address):
        del changed[SESSIONS_ALIAS]
    parts = [
        SettingChange(("CACHES", alias), caches.get(alias, MISSING), cache, f"{STORE_URL.name} is set")
        for alias, cache in changed.items()
        if caches.get(alias) != cache
    ]
    draft.replace_parts("CACHES", {**caches, **changed}, parts)


def set_sessions(draft: Draft, variables: ProcessVariables) -> None:
    """Set SESSION_ENGINE and SESSION_CACHE_ALIAS."""
    address = variables[STORE_URL]
    place = variables[SESSIONS]
    if place is SessionPlace.DATABASE:
        if not any(_is_sessions(name) for name in draft.value("INSTALLED_APPS")):
            raise ConfigurationError(
                f"{SESSIONS.name}=database needs the table of {_SESSIONS_APP!r}, which INSTALLED_APPS does not have; "
                f"add it, or set {SESSIONS.name}=store"
            )
        draft.set("SESSION_ENGINE", _DATABASE_SESSIONS, f"{SESSIONS.name}=database")
    elif place is SessionPlace.STORE and address is None:
        raise ConfigurationError(
            f"{SESSIONS.name}=store, but {STORE_URL.name} is not set; set it, or {SESSIONS.name}=database"
        )
    elif address is not None and _are_sessions_in_store(draft, variables, address):
        reason = f"{SESSIONS.name}=store" if place else f"{STORE_URL.name} is set"
        draft.set("SESSION_ENGINE", STORE_SESSIONS, reason)
        draft.set("SESSION_CACHE_ALIAS", SESSIONS_ALIAS, reason)


def _are_sessions_in_store(draft: Draft, variables: ProcessVariables, address: StoreAddress) -> bool:
    place = variables[SESSIONS]
    if place is not None:
        return place is SessionPlace.STORE
    if address.kind is StoreKind.MEMORY:
        # A restart would log every visitor out.
        return False
    own = draft.project.get("SESSION_ENGINE")
    # Django's sessions in the default cache, which now misses during an outage, would log every visitor out.
    return own is None or (own == _CACHED_SESSIONS and draft.value("SESSION_CACHE_ALIAS") == "default")


def _place(address: StoreAddress, variables: ProcessVariables) -> dict[str, Any]:
    if address.kind is StoreKind.MEMORY:
        return {}
    place: dict[str, Any] = {"LOCATION": address.location}
    if address.kind is StoreKind.DYNAMODB:
        environment = variables.environment
        region = address.region or aws_region(environment) or read_aws_profile(environment).get("region")
        if not region:
            raise ConfigurationError(
                f"{STORE_URL.name} names the DynamoDB table {address.location!r}, but AWS_REGION is not set; set "
                "it to the region of the table"
            )
        place["OPTIONS"] = {"region": region}
    return place


def _is_sessions(name: str) -> bool:
    return name == _SESSIONS_APP or name.startswith(f"{_SESSIONS_APP}.apps.")
