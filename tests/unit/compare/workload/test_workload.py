from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Application, Rows
from tests.guestbook import guestbook_workload

SHOP = """
name = "shop"

[application]
settings_module = "shop.settings"
python_path = "site"
environment = { REPLICA_URL = "{database_url}" }
prepare = [["loaddata", "products"]]
prepare_timeout_s = 600

[rows]
keys_sql = "SELECT reference FROM orders"

[[requests]]
name = "products"
scenario = "read"
method = "GET"
path = "/products?page=2"

[[requests]]
name = "order"
scenario = "write"
method = "PUT"
path = "/orders/{key}"
headers = { "Content-Type" = "application/json", "X-Reference" = "ref {key}" }
body = '{"reference": "{key}", "lines": {"sku": 3}}'
share = 0.5
expected_status = 204
"""


@pytest.fixture
def write(tmp_path: Path):
    """Return a function that writes a workload file, which names the directory `site` beside it."""
    (tmp_path / "site").mkdir()

    def write_file(text: str) -> Path:
        path = tmp_path / "shop.toml"
        path.write_text(text)
        return path

    return write_file


def test_the_guestbooks_workload_is_valid():
    workload = guestbook_workload()

    assert [(each.path, each.share) for each in workload.of_scenario("read")] == [("/api/entries", 3), ("/", 1)]
    (sign,) = workload.of_scenario("write")
    assert (sign.method, sign.path, sign.expected_status) == ("POST", "/api/entries", 201)
    assert sign.headers["Idempotency-Key"] == "{key}"
    assert ("seed_guestbook", "--entries", "200") in workload.application.prepare
    assert [(each.name, each.path) for each in workload.streams] == [("export", "/api/export")]


def test_a_workload_describes_a_teams_own_application(write):
    path = write(SHOP)

    workload = load_workload(path)

    assert workload.name == "shop"
    assert workload.application == Application(
        "shop.settings",
        path.parent / "site",
        (("loaddata", "products"),),
        prepare_timeout_s=600,
        environment={"REPLICA_URL": "{database_url}"},
    )
    assert workload.rows == Rows("SELECT reference FROM orders")
    assert [request.name for request in workload.requests] == ["products", "order"]


def test_a_request_has_defaults(write):
    (products,) = load_workload(write(SHOP)).of_scenario("read")

    assert (products.headers, products.body, products.share, products.expected_status) == ({}, None, 1.0, 200)


def test_the_key_fills_path_headers_and_body(write):
    (order,) = load_workload(write(SHOP)).of_scenario("write")

    sent = order.filled({"{key}": "run-0-7"})

    assert sent.path == "/orders/run-0-7"
    assert sent.headers == {"Content-Type": "application/json", "X-Reference": "ref run-0-7"}
    assert sent.body == '{"reference": "run-0-7", "lines": {"sku": 3}}'


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("share = 0.5", "shar = 0.5", "'requests[1].shar' is not a known key; did you mean 'share'?"),
        (
            "[rows]",
            "[zebra]",
            "'zebra' is not a known key; choose one of: name, host, application, session, rows, requests, streams",
        ),
        ("prepare =", "prepair =", "'application.prepair' is not a known key; did you mean 'prepare'?"),
        ("600", "0", "application.prepare_timeout_s=0 must be a whole number of seconds from 1 to 7200"),
        ("600", "7201", "application.prepare_timeout_s=7201 must be a whole number of seconds from 1 to 7200"),
        (
            '"{database_url}"',
            "3",
            "application.environment={'REPLICA_URL': 3} must be a table of texts, "
            'such as { REPLICA_URL = "{database_url}" }',
        ),
        (
            "REPLICA_URL",
            "DATABASE_URL",
            "application.environment={'DATABASE_URL': '{database_url}'} must be without 'DATABASE_URL', "
            "which is set by the tools themselves; remove it",
        ),
        ('name = "shop"', "", "'name' is missing; it must be a text that is not empty"),
        ('name = "shop"', 'name = " "', "name=' ' must be a text that is not empty"),
        ('"shop.settings"', "3", "application.settings_module=3 must be a text that is not empty"),
        ('"read"', '"reed"', "requests[0].scenario='reed' must be one of: read, write"),
        ('"GET"', '"FETCH"', "requests[0].method='FETCH' must be one of: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("share = 0.5", "share = 0", "requests[1].share=0 must be a number above 0"),
        ("share = 0.5", "share = true", "requests[1].share=True must be a number above 0"),
        ("share = 0.5", "share = inf", "requests[1].share=inf must be a number above 0"),
        ("204", "99", "requests[1].expected_status=99 must be an HTTP status from 200 to 599"),
        ("204", "true", "requests[1].expected_status=True must be an HTTP status from 200 to 599"),
        (
            '"/products?page=2"',
            '"products"',
            "requests[0].path='products' must be a path with its query as in a URL, "
            "percent-encoded and from the first / on",
        ),
        (
            '"/products?page=2"',
            '"/two words"',
            "requests[0].path='/two words' must be a path with its query as in a URL, "
            "percent-encoded and from the first / on",
        ),
        (
            '[["loaddata", "products"]]',
            '["loaddata"]',
            "application.prepare=['loaddata'] must be a list of commands, each a list of texts, "
            'such as [["loaddata", "sample"]]',
        ),
        (
            '"X-Reference" = "ref {key}"',
            '"host" = "shop.example"',
            "requests[1].headers={'Content-Type': 'application/json', 'host': 'shop.example'} must be without 'host', "
            "which the load generator sets itself",
        ),
        (
            '"X-Reference" = "ref {key}"',
            '"X-Reference" = "one\\ntwo"',
            "requests[1].headers={'Content-Type': 'application/json', 'X-Reference': 'one\\ntwo'} must be "
            "names of letters, digits and hyphens with values on one line",
        ),
        (
            '"X-Reference" = "ref {key}"',
            '"X-Reference" = 7',
            "requests[1].headers={'Content-Type': 'application/json', 'X-Reference': 7} must be a table of texts, "
            'such as { "Content-Type" = "application/json" }',
        ),
        ('name = "order"', 'name = "products"', "requests[1].name='products' must be a name that no other request has"),
        (
            "/products?page=2",
            "/products/{key}",
            "requests[0].scenario='read' must be 'write' where {key} is used: a read has no key",
        ),
    ],
)
def test_the_error_for_a_wrong_value_names_its_key_and_the_rule(write, old: str, new: str, complaint: str):
    assert old in SHOP
    path = write(SHOP.replace(old, new, 1))

    with pytest.raises(UsageError) as caught:
        load_workload(path)

    assert str(caught.value) == f"{path}: {complaint}"


def test_a_write_without_a_key_is_refused(write):
    path = write(SHOP.replace("{key}", "fixed"))

    with pytest.raises(UsageError, match=r"requests\[1\]\.scenario='write' must be 'read' unless \{key\} is in path"):
        load_workload(path)


def test_a_workload_may_consist_of_reads(write):
    path = write(SHOP[: SHOP.rindex("[[requests]]")])

    assert load_workload(path).scenarios == ("read",)


def test_a_workload_without_reads_is_refused(write):
    first, second = SHOP.index("[[requests]]"), SHOP.rindex("[[requests]]")
    path = write(SHOP[:first] + SHOP[second:])

    with pytest.raises(UsageError) as caught:
        load_workload(path)

    assert str(caught.value) == (
        f"{path}: no request has scenario = 'read', and a workload needs at least one; add one"
    )


def test_without_rows_a_write_needs_no_key(write):
    rows = '[rows]\nkeys_sql = "SELECT reference FROM orders"\n'
    path = write(SHOP.replace(rows, "").replace("{key}", "fixed"))

    workload = load_workload(path)

    assert workload.rows is None
    assert workload.scenarios == ("read", "write")


def test_a_python_path_that_is_not_a_directory_is_refused(write):
    path = write(SHOP.replace('"site"', '"nowhere"'))

    with pytest.raises(UsageError) as caught:
        load_workload(path)

    assert str(caught.value) == (
        f"{path}: application.python_path='nowhere' must be a directory, relative to this file; "
        f"{path.parent / 'nowhere'} is not one"
    )


def test_requests_that_are_not_tables_are_refused(write):
    path = write('requests = ["/"]\n' + SHOP[: SHOP.index("[[requests]]")])

    with pytest.raises(UsageError, match=r"requests=\['/'\] must be a list of tables, each written \[\[requests\]\]"):
        load_workload(path)


def test_a_missing_file_is_reported_in_one_line(tmp_path: Path):
    path = tmp_path / "none.toml"

    with pytest.raises(UsageError) as caught:
        load_workload(path)

    assert str(caught.value) == (
        f"{path} cannot be read (No such file or directory); pass the path of a workload as --workload"
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"name = ", "is not TOML: "), (b"name = '\xff'", "has the byte 0xff in line 1, which is not UTF-8")],
)
def test_a_file_that_is_not_toml_is_reported_in_one_line(tmp_path: Path, content: bytes, complaint: str):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        load_workload(path)

    assert str(caught.value).startswith(f"{path} {complaint}")
    assert "\n" not in str(caught.value)


STREAMS = """
[[streams]]
name = "report"
method = "GET"
path = "/report.csv"
headers = { "Accept" = "text/csv" }
expected_status = 206

[[streams]]
name = "feed"
method = "GET"
path = "/feed"
"""


def test_streams_are_apart_from_the_requests_of_the_load(write):
    workload = load_workload(write(SHOP + STREAMS))

    assert [(each.name, each.path, each.expected_status) for each in workload.streams] == [
        ("report", "/report.csv", 206),
        ("feed", "/feed", 200),
    ]
    assert workload.streams[0].headers == {"Accept": "text/csv"}
    assert [request.name for request in workload.requests] == ["products", "order"]
    assert load_workload(write(SHOP)).streams == ()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('path = "/feed"', 'path = "/feed"\nshare = 2', "'streams[1].share' is not a known key"),
        ('"feed"', '"report"', "streams[1].name='report' must be a name that no other stream has"),
        ('"/feed"', '"/feed/{key}"', "streams[1].path='/feed/{key}' must be without {key}: only a write has a key"),
        (
            'path = "/feed"',
            'path = "/feed"\nanonymous = true',
            "streams[1].anonymous=True must be omitted without [session]: every request is anonymous then",
        ),
    ],
)
def test_a_wrong_stream_is_refused_with_its_rule(write, old, new, complaint):
    path = write(SHOP + STREAMS.replace(old, new))

    with pytest.raises(UsageError) as error:
        load_workload(path)

    assert str(error.value).startswith(f"{path}: {complaint}")
