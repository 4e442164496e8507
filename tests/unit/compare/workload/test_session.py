from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.compare.workload.workload import Workload

SITE = """
name = "site"
host = "www.example.org"

[application]
settings_module = "site.settings"

[session]
users = "customer{number}"
virtual_users = 3

[[session.steps]]
method = "GET"
path = "/login/"

[[session.steps]]
method = "POST"
path = "/login/?user={user}"
form = { username = "{user}", password = "secret {number}" }
expected_status = 302

[[requests]]
name = "profile"
scenario = "read"
method = "GET"
path = "/profiles/{user}/"

[[requests]]
name = "order"
scenario = "write"
method = "POST"
path = "/orders/"
json = { reference = "{key}", buyer = "{user}", lines = [{ sku = 3, gift = true }] }
expected_status = 201
"""


@pytest.fixture
def read(tmp_path: Path):
    """Return a function that writes a workload file and loads it."""

    def read_text(text: str) -> Workload:
        path = tmp_path / "site.toml"
        path.write_text(text)
        return load_workload(path)

    return read_text


def test_a_pattern_gives_each_virtual_user_a_name(read):
    workload = read(SITE)

    assert workload.application.host == "www.example.org"
    assert workload.session.users == ("customer1", "customer2", "customer3")
    assert [(step.method, step.path, step.expected_status) for step in workload.session.steps] == [
        ("GET", "/login/", 200),
        ("POST", "/login/?user={user}", 302),
    ]


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ('users = ["ada", "grace"]', ("ada", "grace")),
        ('users = ["ada", "grace"]\nvirtual_users = 3', ("ada", "grace", "ada")),
        ('users = ["ada", "grace"]\nvirtual_users = 1', ("ada",)),
    ],
)
def test_listed_users_are_assigned_in_turn(read, users: str, expected: tuple[str, ...]):
    assert read(SITE.replace('users = "customer{number}"\nvirtual_users = 3', users)).session.users == expected


def test_virtual_users_may_have_no_names(read):
    text = SITE.replace('users = "customer{number}"\n', "").replace("?user={user}", "").replace("{user}", "x")

    assert read(text).session.users == (None, None, None)


def test_placeholders_are_escaped_for_their_place(read):
    workload = read(SITE)
    profile, order = (request.filled({"{user}": 'a "b"/c@d', "{key}": "run-0-7"}) for request in workload.requests)

    assert profile.path == "/profiles/a%20%22b%22%2Fc%40d/"
    assert order.json == ('{"reference": "run-0-7", "buyer": "a \\"b\\"/c@d", "lines": [{"sku": 3, "gift": true}]}')
    assert workload.session.steps[1].filled({"{user}": "ada", "{number}": "1"}).form == {
        "username": "ada",
        "password": "secret 1",
    }


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"www.example.org"', '"https://example.org"', "host='https://example.org' must be a host as in a URL, "
         "such as www.example.org or www.example.org:8443"),
        ("virtual_users = 3", "virtual_user = 3", "'session.virtual_user' is not a known key; "
         "did you mean 'virtual_users'?"),
        ("virtual_users = 3", "virtual_users = 101", "session.virtual_users=101 must be a whole number from 1 to 100"),
        ("virtual_users = 3", "virtual_users = true", "session.virtual_users=True must be a whole number from 1 to "
         "100"),
        ("customer{number}", "customer", "session.users='customer' must be a list of names, or a name that "
         'contains {number}, such as "customer{number}"'),
        ('"customer{number}"', "[]", "session.users=[] must be a list of names, or a name that "
         'contains {number}, such as "customer{number}"'),
        ('users = "customer{number}"\n', "", "session.steps[1].path='/login/?user={user}' must be without {user}: "
         "session.users does not name the virtual users"),
        ("virtual_users = 3", 'csrf_cookie = "a b"', "session.csrf_cookie='a b' must be a name of letters, digits, "
         "hyphens and underscores"),
        ("secret {number}", "{key}", "session.steps[1].form={'username': '{user}', 'password': '{key}'} must be "
         "without {key}: only a write has a key"),
        ("expected_status = 302", "status = 302", "'session.steps[1].status' is not a known key; "
         "choose one of: method, path, headers, body, form, json, expected_status"),
        ("expected_status = 302", 'body = "x"', "session.steps[1].form={'username': '{user}', "
         "'password': 'secret {number}'} must be omitted, since body is set: a request has one of body, form, json"),
        ('password = "secret {number}"', "password = 3", "session.steps[1].form={'username': '{user}', 'password': 3} "
         'must be a table of texts, such as { title = "Entry {key}" }'),
        ("gift = true", "gift = inf", "requests[1].json={'reference': '{key}', 'buyer': '{user}', 'lines': "
         "[{'sku': 3, 'gift': inf}]} must be a table or a list of JSON values, such as "
         '{ name = "Ada", tags = ["new"] }'),
        ('path = "/profiles/{user}/"', 'path = "/profiles/{user}/"\nanonymous = true', "requests[0].path="
         "'/profiles/{user}/' must be without {user}: an anonymous request has no user"),
        ('path = "/profiles/{user}/"', 'path = "/"\nanonymous = 1', "requests[0].anonymous=1 must be true or false"),
    ],
)  # fmt: skip
def test_the_error_for_a_wrong_value_names_its_key(read, tmp_path: Path, old: str, new: str, complaint: str):
    assert old in SITE

    with pytest.raises(UsageError) as caught:
        read(SITE.replace(old, new, 1))

    assert str(caught.value) == f"{tmp_path / 'site.toml'}: {complaint}"


def test_a_session_without_steps_is_refused(read):
    steps = SITE[SITE.index("[[session.steps]]") : SITE.index("[[requests]]")]

    with pytest.raises(UsageError, match=r"'session.steps' is missing; it must be a list of tables, each written"):
        read(SITE.replace(steps, ""))


def test_an_anonymous_request_without_a_session_is_refused(read):
    session = SITE[SITE.index("[session]") : SITE.index("[[requests]]")]
    text = SITE.replace(session, "").replace('"profile"', '"profile"\nanonymous = true').replace("{user}", "ada")

    with pytest.raises(UsageError, match=r"requests\[0\].anonymous=True must be omitted without \[session\]"):
        read(text)
