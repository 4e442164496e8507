"""The engine `django_runtimes.databases.postgresql`, which supports GeoDjango if django.contrib.gis is installed."""

from django.apps import apps
from django.conf import settings

_GEODJANGO = "django.contrib.gis"


def _has_geodjango() -> bool:
    if apps.apps_ready:
        return apps.is_installed(_GEODJANGO)
    return any(name == _GEODJANGO or name.startswith(f"{_GEODJANGO}.") for name in settings.INSTALLED_APPS)


if _has_geodjango():
    from django_runtimes.databases.postgresql.postgis_wrapper import WhereNeededWrapper as DatabaseWrapper
else:
    from django_runtimes.databases.postgresql.plain import DatabaseWrapper  # type: ignore[assignment]  # one of two

__all__ = ["DatabaseWrapper"]
