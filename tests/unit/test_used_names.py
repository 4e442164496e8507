"""No function, class or method of `src/` exists only for tests."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("src", "deploy", "pyproject.toml", "Makefile")
WORD = re.compile(r"\w+")
# Names that other packages call, each with its caller.
CALLED_FROM_OUTSIDE = {
    "DatabaseConfig": "Django, which takes an app's only configuration",
    "MariadbServer": "the fixture of the tests on MariaDB",
    "RepeatConflicts": "Django, if a project adds the middleware",
    "add_field": "Django, for a migration that adds a field",
    "bulk_batch_size": "Django, before it writes or deletes many objects",
    "connect_string": "Django, for `webapp dbshell` on Oracle",
    "do_GET": "http.server",
    "do_POST": "http.server",
    "dump": "psycopg, for each value that it adapts",
    "handle_data": "html.parser",
    "handle_endtag": "html.parser",
    "handle_starttag": "html.parser",
    "is_usable": "Django, for each connection that it may reuse",
    "log_message": "http.server",
    "nextset": "a caller of the cursor, by PEP 249",
    "on_body": "httptools",
    "on_message_complete": "httptools",
    "post_invocation_result": "awslambdaric, with the answer of an invocation",
    "process_request": "Django, for each request that reaches a middleware",
    "process_response": "Django, likewise",
    "process_view": "Django, before it calls a view",
    "pytest_configure": "pytest",
    "repeat_on_conflict": "a project on Aurora DSQL, for its tasks",
    "runshell": "Django, for `webapp dbshell`",
    "send_messages": "Django, with the mail to send",
    "sql_flush": "Django, to empty the tables of a test",
    "wait_closed": "uvicorn, at the end of a server",
}


def words(*places: str) -> Counter[str]:
    """Count every word in the files of these places."""
    counted: Counter[str] = Counter()
    for place in places:
        path = ROOT / place
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.suffix in {".py", ".html", ".toml", ".yaml", ""} and file.is_file():
                counted.update(WORD.findall(file.read_text()))
    return counted


def defined() -> Iterator[str]:
    """Yield the name of every function, class and method, once for each definition; Python calls special methods."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if is_definition and not node.name.startswith("__"):
                yield node.name


def test_no_name_is_used_only_by_tests():
    used, tested = words(*SOURCES), words("tests", "benchmarks", "scripts")

    unused = {name for name, count in Counter(defined()).items() if used[name] == count and tested[name]}

    assert unused - CALLED_FROM_OUTSIDE.keys() == set()
