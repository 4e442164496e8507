"""The page that a deploy requests is one of compare.toml that a visitor may read."""

from pathlib import Path

import pytest

from django_runtimes.cli.project.tested_page import find_page_to_test, page_to_test

pytestmark = pytest.mark.profile_free


def request(path: str, *lines: str, scenario: str = "read", method: str = "GET") -> str:
    first = f'name = "{path}"\nscenario = "{scenario}"\nmethod = "{method}"\npath = "{path}"\n'
    return "[[requests]]\n" + first + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        (request("/admin/login/"), "/admin/login/"),
        (request("/shop/") + request("/about/"), "/shop/"),
        # Everybody looks at the front page first.
        (request("/shop/") + request("/"), "/"),
        (request("/orders/", scenario="write", method="POST") + request("/about/"), "/about/"),
        (request("/old/", "expected_status = 301") + request("/about/"), "/about/"),
        (request("/feed/", 'headers = { Accept = "text/xml" }') + request("/about/"), "/about/"),
        # A deploy has no session.
        (request("/account/") + request("/login/", "anonymous = true") + "[session]\nvirtual_users = 2\n", "/login/"),
        # init lists it if no page answered 200.
        (request("/readyz"), None),
        ("requests = 1\n", None),
        ("[[requests\n", None),
        ("", None),
    ],
)
def test_the_page_answers_a_visitor(workload: str, expected: str | None):
    assert page_to_test(workload.encode(), "compare.toml") == expected


def test_the_workload_is_the_one_that_the_project_names(tmp_path: Path):
    assert find_page_to_test(tmp_path) is None

    (tmp_path / "compare.toml").write_text(request("/shop/"))
    assert find_page_to_test(tmp_path) == "/shop/"

    (tmp_path / "pyproject.toml").write_text('[tool.webapp]\nworkload = "load.toml"\n')
    (tmp_path / "load.toml").write_text(request("/about/"))
    assert find_page_to_test(tmp_path) == "/about/"

    (tmp_path / "pyproject.toml").write_text("[tool.webapp]\nworkload = 1\n")
    assert find_page_to_test(tmp_path) is None
