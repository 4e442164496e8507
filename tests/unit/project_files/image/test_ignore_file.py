"""Matches paths against .dockerignore, as Docker does."""

import pytest

from django_runtimes.project_files.image.dockerfile import IGNORED
from django_runtimes.project_files.image.ignore_file import is_ignored


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("vendor", "vendor/a.whl", True),
        ("/vendor/", "vendor/a.whl", True),
        ("vendor", "backend/vendor/a.whl", False),
        ("**/vendor", "backend/vendor/a.whl", True),
        ("**/*.whl", "vendor/a.whl", True),
        ("*.whl", "vendor/a.whl", False),
        ("*\n!shop\n!manage.py\n", "vendor/a.whl", True),
        ("*\n!shop\n!manage.py\n", "shop/urls.py", False),
        ("*\n!vendor/*.whl\n", "vendor/a.whl", False),
        ("!vendor\n*\n", "vendor/a.whl", True),
        ("# vendor\n\n", "vendor/a.whl", False),
        ("vend?r/[a-c].whl", "vendor/b.whl", True),
        ("a.whl", "abwhl", False),
    ],
)
def test_the_last_matching_line_decides(text: str, path: str, expected: bool):
    assert is_ignored(text, path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("reports/urls.py", False),
        ("reports/templates/reports/list.html", False),
        ("reports/2026-01-31-120000/run.json", True),
        ("compare-reports/2026-01-31-120000/run.json", True),
    ],
)
def test_an_app_called_reports_is_in_the_image(path: str, expected: bool):
    assert is_ignored(IGNORED, path) is expected
