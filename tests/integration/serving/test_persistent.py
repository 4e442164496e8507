import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.test import override_settings

from django_runtimes.serving.asgi.one_hop import OneHopASGIHandler
from django_runtimes.serving.asgi.persistent import require_lasting_threads

PERSISTENT = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 600}}
UNLIMITED = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None}}
PER_REQUEST = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}}


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize("databases", [PERSISTENT, UNLIMITED])
def test_djangos_own_handler_may_not_keep_connections(databases):
    handler = ASGIHandler()

    with override_settings(DATABASES=databases), pytest.raises(ImproperlyConfigured, match="would leak a connection"):
        require_lasting_threads(handler)


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_djangos_own_handler_may_open_connections_per_request():
    handler = ASGIHandler()

    with override_settings(DATABASES=PER_REQUEST):
        assert require_lasting_threads(handler) is handler


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_our_handler_may_keep_connections():
    handler = OneHopASGIHandler(threads=1)

    with override_settings(DATABASES=PERSISTENT):
        assert require_lasting_threads(handler) is handler
    handler.close()
