"""The pinned settings load what the project's do, and nothing of the library."""

import os
import subprocess
import sys

from benchmarks.application import pinned_settings
from benchmarks.contenders.peers import CHECKOUT

_LOADED = """
import sys, django
django.setup()
print(*sorted(name for name in sys.modules if name.partition(".")[0] in ("django_runtimes", "webapp")))
"""


def test_the_library_is_not_loaded():
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.application.pinned_settings",
        "PYTHONPATH": str(CHECKOUT),
    }

    loaded = subprocess.run([sys.executable, "-c", _LOADED], env=environ, capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []


def test_every_app_and_middleware_of_django_is_the_projects():
    from webapp import settings

    def of_django(names: list[str]) -> list[str]:
        return [name for name in names if name.startswith("django.")]

    assert of_django(pinned_settings.INSTALLED_APPS) == of_django(settings.INSTALLED_APPS)
    assert of_django(pinned_settings.MIDDLEWARE) == of_django(settings.MIDDLEWARE)
