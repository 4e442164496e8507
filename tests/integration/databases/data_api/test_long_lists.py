"""Long lists of values find the same rows through the service as on a connection."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from django.apps.registry import Apps
from django.contrib.postgres.fields import ArrayField
from django.db import NotSupportedError, connections, models
from django.db.models.functions import Lower
from django.db.utils import ConnectionHandler
from django.utils import timezone
from django.utils.safestring import SafeString

from django_runtimes.config.database_url.url import parse_database_url

MANY = 600
DAY = dt.date(2024, 1, 1)
TIME = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Shop(models.Model):
    """A row whose key is a text."""

    code = models.CharField(max_length=20, primary_key=True)

    class Meta:
        apps = Apps()
        app_label = "long_lists"


class Sale(models.Model):
    """A column of each type that has an array."""

    shop = models.ForeignKey(Shop, models.CASCADE, null=True)
    small = models.SmallIntegerField(null=True)
    number = models.IntegerField(null=True)
    large = models.BigIntegerField(null=True)
    name = models.CharField(max_length=20, null=True)
    text = models.TextField(null=True)
    day = models.DateField(null=True)
    time = models.DateTimeField(null=True)
    key = models.UUIDField(null=True)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    share = models.FloatField(null=True)
    took = models.DurationField(null=True)
    clock = models.TimeField(null=True)
    data = models.JSONField(null=True)
    words = ArrayField(models.CharField(max_length=20), null=True)
    numbers = ArrayField(models.IntegerField(), null=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        apps = Shop._meta.apps
        app_label = "long_lists"


VALUES = {
    "small": [*range(1, MANY), 2**40, None],
    "number": [*range(1, MANY), 2**40, 2**70, -(2**70), 5, None],
    "large": [*range(1, MANY), 2**63, None],
    "name": [*(f"n{number}" for number in range(1, MANY)), "n1", SafeString("it's \\ {a,b}"), None],
    "text": [*(f"t{number}" for number in range(1, MANY)), '"', "\\", "NULL", ":x; $$", None],
    "day": [*(DAY + dt.timedelta(number) for number in range(1, MANY)), DAY + dt.timedelta(2), dt.date(1, 1, 1)],
    "time": [*(TIME + dt.timedelta(number) for number in range(1, MANY)), dt.datetime(1, 1, 1, tzinfo=dt.UTC)],
    "key": [*(UUID(int=number) for number in range(1, MANY)), str(UUID(int=1)), None],
    "price": [*(Decimal(number) / 4 for number in range(1, MANY)), Decimal(1), "0.50", None],
    "share": [*(number / 7 for number in range(1, MANY)), 0.1, float("inf"), None],
    "took": [*(dt.timedelta(seconds=number) for number in range(1, MANY)), dt.timedelta(-1), None],
    "clock": [*(dt.time(number // 60, number % 60, 0, 5) for number in range(1, MANY)), dt.time(0, 1, 0, 5), None],
    "data": [*(f"j{number}" for number in range(1, MANY)), {"a": ["it's \\ \" {"]}, [], 1.50],
}


@pytest.fixture(scope="module")
def direct(database_server, engine_database, django_db_blocker):
    """Return a direct connection to a database with rows."""
    address = parse_database_url(database_server.url(engine_database))
    login = {"USER": address.user, "PASSWORD": address.password, "HOST": address.host, "PORT": address.port}
    entry = {"ENGINE": "django.db.backends.postgresql", "NAME": engine_database, **login}
    connections["direct"] = connection = ConnectionHandler({"direct": entry, "default": entry})["direct"]
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Shop)
            editor.create_model(Sale)
        yield connection
        with connection.schema_editor() as editor:
            editor.delete_model(Sale)
            editor.delete_model(Shop)
        connection.close()
    del connections["direct"]


@pytest.fixture
def both(connect, data_api, direct, _database_access):
    """Return the names of two connections to the same rows: through the service, and direct."""
    connections["served"] = served = connect(data_api)
    served.alias = "served"
    Shop.objects.using("direct").bulk_create(Shop(code=f"n{number}") for number in range(MANY))
    rows = zip(*(column[:2] + column[-3:] for column in VALUES.values()), strict=True)
    names = list(VALUES)
    Sale.objects.using("direct").bulk_create(
        Sale(shop_id="n1", **{name: _stored(name, value) for name, value in zip(names, row, strict=True)})
        for row in rows
    )
    yield "served", "direct"
    Sale.objects.using("direct").delete()
    Shop.objects.using("direct").delete()
    del connections["served"]


def _stored(name, value):
    return None if isinstance(value, int) and value not in range(-(2**15), 2**15) else value


def answers(find, both):
    served, direct = (find(name) for name in both)
    assert served == direct
    return served


@pytest.mark.parametrize("column", VALUES)
def test_a_list_of_a_type_finds_the_same_rows(both, column):
    values = VALUES[column]

    def found(using):
        return list(Sale.objects.using(using).filter(**{f"{column}__in": values}).values_list("pk", flat=True))

    def excluded(using):
        return list(Sale.objects.using(using).exclude(**{f"{column}__in": values[2:]}).values_list("pk", flat=True))

    assert len(answers(found, both)) >= 2
    assert len(answers(excluded, both)) >= 1


@pytest.mark.parametrize("lookup", ["words__overlap", "words__contained_by", "words__contains", "words"])
def test_a_list_for_an_array_of_texts(both, lookup):
    words = [*(f"word {number:015}" for number in range(5 * MANY)), SafeString("it's {\\}")]
    for using in both[1:]:
        Sale.objects.using(using).bulk_create([Sale(words=words), Sale(words=words[-1:]), Sale(words=["none"])])

    def found(using):
        return Sale.objects.using(using).filter(**{lookup: words}).count()

    assert answers(found, both) == (2 if lookup in ("words__overlap", "words__contained_by") else 1)


def test_a_list_for_an_array_of_numbers(both):
    Sale.objects.using("direct").bulk_create([Sale(numbers=[5, 10**6]), Sale(numbers=[-5])])

    def found(using):
        return Sale.objects.using(using).filter(numbers__overlap=list(range(12_000))).count()

    assert answers(found, both) == 1


def test_a_list_for_a_key_of_json(both):
    Sale.objects.using("direct").bulk_create([Sale(data={"name": "n5"}), Sale(data={"name": "x"}), Sale(data=[])])

    def found(using):
        return Sale.objects.using(using).filter(data__name__in=[f"n{number}" for number in range(10 * MANY)]).count()

    assert answers(found, both) == 1


def test_integers_above_64_kb(both):
    def found(using):
        return Sale.objects.using(using).filter(number__in=range(12_000)).count()

    assert answers(found, both) == 3


def test_a_list_that_does_not_fit_is_refused_with_the_limit(both):
    addresses = [f"10.0.{number // 256}.{number % 256}" for number in range(8 * MANY)]

    with pytest.raises(NotSupportedError, match=r"bytes, and the Data API accepts 65,536; .* as one value: column = "):
        Sale.objects.using("served").filter(address__in=addresses).count()


def test_a_list_for_an_annotation(both):
    names = [f"n{number}" for number in range(MANY)]

    def found(using):
        return Sale.objects.using(using).annotate(lower=Lower("name")).filter(lower__in=names).count()

    assert answers(found, both) == 3


def test_a_list_for_a_part_of_a_date(both):
    def found(using):
        return Sale.objects.using(using).filter(time__date__in=VALUES["day"], day__year__in=range(1, 3000)).count()

    with timezone.override("UTC"):
        assert answers(found, both) == 5


def test_rows_by_a_text_key(both):
    names = [f"n{number}" for number in range(2 * MANY)]

    def found(using):
        return sorted(Shop.objects.using(using).in_bulk(names))

    assert answers(found, both) == sorted(names[:MANY])


def test_related_rows_by_a_text_key(both):
    def found(using):
        shops = Shop.objects.using(using).prefetch_related("sale_set").order_by("code")
        return [(shop.code, len(shop.sale_set.all())) for shop in shops if shop.sale_set.all()]

    assert answers(found, both) == [("n1", 5)]


def test_a_list_beside_a_subquery(both):
    def found(using):
        sales = Sale.objects.using(using)
        return sales.filter(pk__in=sales.filter(name__in=VALUES["name"]).values("pk"), key__in=VALUES["key"]).count()

    assert answers(found, both) == 4


def test_a_long_list_above_64_kb(both):
    def found(using):
        return Sale.objects.using(using).filter(text__in=[*VALUES["text"], "x" * 100_000]).count()

    assert answers(found, both) == 4
