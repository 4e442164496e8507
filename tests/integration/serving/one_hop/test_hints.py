"""The kind of view behind a path is cached; a failed lookup is not."""

import pytest
from django.urls import clear_url_caches
from django.utils import translation
from django.utils.translation import trans_real

from django_runtimes.serving.asgi.hint import hint_for

URLCONF = """
import asyncio

async def view(request):
    pass

from django.urls import path
urlpatterns = [path("found", view)]
"""


@pytest.fixture
def urlconf(settings, tmp_path, monkeypatch):
    """Return the file of a new root URLconf, which the test writes."""
    monkeypatch.syspath_prepend(tmp_path)
    settings.ROOT_URLCONF = f"urls_{tmp_path.name}".replace("-", "_")
    yield tmp_path / f"{settings.ROOT_URLCONF}.py"
    clear_url_caches()


def ask(target: str) -> bool:
    return hint_for({"path": target, "root_path": ""}).is_async


def test_a_failed_urlconf_import_is_retried(urlconf):
    urlconf.write_text("raise ConnectionError('the service is down')")
    before = ask("/found")

    urlconf.write_text(URLCONF)

    assert (before, ask("/found"), ask("/elsewhere")) == (False, True, False)


def test_the_language_of_a_path_does_not_stay_active(urlconf):
    urlconf.write_text(
        URLCONF + "from django.conf.urls.i18n import i18n_patterns\nurlpatterns = i18n_patterns(*urlpatterns)\n"
    )
    translation.deactivate()

    assert ask("/de/found")

    assert not hasattr(trans_real._active, "value")
