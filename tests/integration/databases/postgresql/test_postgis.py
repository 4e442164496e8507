"""Geometries under every connection strategy, with a PostGIS server and GeoDjango's real libraries."""

import pytest
from django.db import connections, models
from django.test.utils import isolate_apps
from psycopg.types import TypeInfo

from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.postgresql.wrapper import DatabaseWrapperMixin
from tests.integration.databases.postgresql.conftest import end_request
from tests.prerequisites import require_postgis

pytestmark = pytest.mark.profile_free

STRATEGIES = ["per_request", "persistent", "pool"]


@pytest.fixture
def engine() -> str:
    require_postgis()
    return "postgis"


@pytest.fixture
def open_places(postgis_url, open_database):
    """Opens a database with the given strategy, and creates the extension and Place's table."""

    def make(strategy: str = "pool", **environ: str) -> DatabaseWrapperMixin:
        wrapper = open_database(postgis_url, WEBAPP_DB_STRATEGY=strategy, **environ)
        connections[wrapper.alias] = wrapper
        wrapper.prepare_database()
        with wrapper.schema_editor() as editor:
            editor.create_model(Place)
        end_request(wrapper)
        return wrapper

    yield make
    for alias in [name for name in vars(connections._connections._storage) if name.startswith("engine_")]:
        del connections[alias]


def _define_place() -> type[models.Model]:
    from django.contrib.gis.db.models import PointField

    class Place(models.Model):
        name = models.CharField(max_length=50)
        at = PointField()
        near = PointField(geography=True, null=True)

        class Meta:
            app_label = "auth"

    return Place


@pytest.fixture(autouse=True)
def _place(engine) -> None:
    global Place, Point, D  # noqa: PLW0603
    from django.contrib.gis.geos import Point
    from django.contrib.gis.measure import D

    with isolate_apps("django.contrib.auth"):
        Place = _define_place()


def save(wrapper: DatabaseWrapperMixin, name: str = "Rome") -> models.Model:
    return Place.objects.using(wrapper.alias).create(name=name, at=Point(12.5, 41.9), near=Point(12.5, 41.9))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_request_reads_its_geometry(open_places, strategy):
    wrapper = open_places(strategy)

    for _ in range(3):
        place = Place.objects.using(wrapper.alias).get(pk=save(wrapper).pk)
        assert (place.at.coords, place.at.srid) == ((12.5, 41.9), 4326)
        assert Place.objects.using(wrapper.alias).filter(at__bboverlaps=Point(12.5, 41.9).buffer(1)).exists()
        assert Place.objects.using(wrapper.alias).filter(near__dwithin=(Point(12.6, 41.9), D(km=20))).exists()
        end_request(wrapper)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_geometry_is_sent_after_a_session_reset(open_places, strategy):
    wrapper = open_places(strategy)

    for _ in range(2):
        with wrapper.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert cursor.fetchone() == ('"$user", public',)
            cursor.execute("SELECT ST_AsText(%s)", [wrapper.ops.Adapter(Point(1, 2, srid=4326))])
            assert cursor.fetchone() == ("POINT(1 2)",)
            cursor.execute("SET search_path TO pg_catalog, public")
        end_request(wrapper)


def test_the_types_are_fetched_once_per_process(open_places, monkeypatch):
    wrapper = open_places("pool", WEBAPP_DB_POOL_MAX_SIZE="2")
    fetched = []
    fetch = TypeInfo.fetch
    monkeypatch.setattr(TypeInfo, "fetch", lambda connection, name: fetched.append(name) or fetch(connection, name))

    for _ in range(3):
        save(wrapper)
        end_request(wrapper)

    assert fetched == []


def test_lending_a_connection_registers_no_types(open_places):
    wrapper = open_places("pool", WEBAPP_DB_POOL_MAX_SIZE="1")
    save(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()
    adapters = wrapper.connection.adapters
    save(wrapper)
    end_request(wrapper)
    wrapper.ensure_connection()

    assert wrapper.connection.adapters is adapters
    assert isinstance(wrapper.connection, WatchedConnection)


def test_pooled_connections_register_an_extension_created_later(postgis_url, open_database):
    wrapper = open_database(postgis_url, WEBAPP_DB_STRATEGY="pool")
    connections[wrapper.alias] = wrapper
    wrapper.pool.open()
    with wrapper.pool.connection(), wrapper.pool.connection():
        pass

    wrapper.prepare_database()
    with wrapper.schema_editor() as editor:
        editor.create_model(Place)
    end_request(wrapper)

    for _ in range(4):
        assert save(wrapper).pk
        wrapper.ensure_connection()
        assert wrapper.connection.geometry_types == wrapper._geometry_types()
        end_request(wrapper)
    # Rasters belong to another extension.
    assert [types is not None for types in wrapper._geometry_types()] == [True, True, False]
    del connections[wrapper.alias]


def queries(alias: str) -> dict[str, models.QuerySet]:
    from django.contrib.gis.db.models import Extent
    from django.contrib.gis.db.models.functions import AsGeoJSON, Distance, Transform

    places = Place.objects.using(alias)
    return {
        "all": places.all(),
        "lookup": places.filter(at__intersects=Point(12.5, 41.9)),
        "operator": places.filter(at__bboverlaps=Point(12.5, 41.9)),
        "distance": places.filter(near__distance_lte=(Point(12.5, 41.9), D(km=1))),
        "functions": places.annotate(d=Distance("near", Point(1, 2, srid=4326)), x=AsGeoJSON(Transform("at", 3857))),
        "aggregate": places.values("name").annotate(box=Extent("at")),
    }


@pytest.mark.parametrize("name", ["all", "lookup", "operator", "distance", "functions", "aggregate"])
def test_geodjango_queries_need_no_reset(open_places, name):
    wrapper = open_places()
    save(wrapper)
    wrapper.ops.spatial_version  # noqa: B018  (queried once per thread)
    end_request(wrapper)

    query = queries(wrapper.alias)[name]
    assert type(query.query.get_compiler(connection=wrapper).as_sql()[0]) is CompiledSQL
    assert len(query) == 1
    assert wrapper.connection.session.reset_statement() is None


def test_geodjango_writes_need_no_reset(open_places):
    wrapper = open_places()
    place = save(wrapper)
    place.at = Point(1, 2)
    place.save()
    Place.objects.using(wrapper.alias).update(at=Point(3, 4))

    assert not wrapper.connection.session.is_touched


def test_an_applications_spatial_function_needs_a_reset(open_places):
    from django.contrib.gis.db.models.functions import GeoFunc

    class Choose(GeoFunc):
        function = "ST_AsText"
        output_field = models.TextField()

    wrapper = open_places()
    save(wrapper)
    end_request(wrapper)

    assert list(Place.objects.using(wrapper.alias).annotate(x=Choose("at")).values_list("x", flat=True))
    assert wrapper.connection.session.is_touched


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_server_side_cursors_fetch_geometries(open_places, strategy):
    wrapper = open_places(strategy)
    for name in ("Rome", "Bari", "Como"):
        save(wrapper, name)

    places = list(Place.objects.using(wrapper.alias).iterator(chunk_size=1))

    assert [place.at.coords for place in places] == [(12.5, 41.9)] * 3


def test_tables_are_created_and_inspected_by_postgis(open_places):
    wrapper = open_places("per_request")

    with wrapper.cursor() as cursor:
        description = {row.name: row for row in wrapper.introspection.get_table_description(cursor, "auth_place")}
        constraints = wrapper.introspection.get_constraints(cursor, "auth_place")

    assert wrapper.introspection.get_geometry_type("auth_place", description["at"]) == ("PointField", {})
    assert sorted(c["columns"] for c in constraints.values() if c.get("type") == "gist") == [["at"], ["near"]]


def test_a_login_is_fetched_for_postgis_too(open_places, monkeypatch):
    from django_runtimes.databases.credentials.connection_login import ConnectionLogin
    from django_runtimes.databases.sockets import socket_wrapper as module

    wrapper = open_places("per_request")
    login = ConnectionLogin("postgres", wrapper.settings_dict["PASSWORD"])
    provider = type("Provider", (), {"login": lambda self: logins.append(1) or login, "forget": lambda *_: False})()
    logins: list[int] = []
    monkeypatch.setattr(module, "provider_of", lambda _: provider)
    wrapper.settings_dict["PASSWORD"] = ""

    assert save(wrapper).pk
    assert logins == [1]
