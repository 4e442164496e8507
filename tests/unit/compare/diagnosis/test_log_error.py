import json
from pathlib import Path

import pytest

from django_runtimes.compare.diagnosis.log_error import first_error, last_lines

TRACE = """Traceback (most recent call last):
  File "/site/shop/views.py", line 7, in order
    save(request)
  File "/venv/lib/python3.12/site-packages/django/db/models/base.py", line 900, in save
    raise IntegrityError("twice")
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
django.db.utils.IntegrityError: twice"""

SHOWN = (
    '  File "/site/shop/views.py", line 7, in order',
    "    save(request)",
    '  File "/venv/lib/python3.12/site-packages/django/db/models/base.py", line 900, in save',
    '    raise IntegrityError("twice")',
    "django.db.utils.IntegrityError: twice",
)


@pytest.fixture
def logs(tmp_path: Path):
    """Return a function that writes each text to a process's log, and returns the paths."""

    def write(*texts: str) -> list[Path]:
        paths = [tmp_path / f"{index}.log" for index, _ in enumerate(texts)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)
        return paths

    return write


def test_a_traceback_is_cut_to_the_frames_that_matter(logs):
    assert first_error(logs(f"starting\n{TRACE}\n[2026-11-28 11:00:00] [7] [INFO] Worker exiting")) == SHOWN


def test_a_traceback_in_json_keeps_its_message(logs):
    line = json.dumps({"time": "2026", "level": "ERROR", "logger": "a.b", "message": "/x", "exc_info": TRACE})

    assert first_error(logs(f"{line}\n")) == ("ERROR a.b: /x", *SHOWN)


def test_the_message_before_a_traceback_is_kept(logs):
    message = "[2026-11-28 11:00:00 +0000] [7] [ERROR] Exception in worker process"

    assert first_error(logs(f"{message}\n{TRACE}\n")) == (message, *SHOWN)


def test_the_error_report_of_a_function_is_read(logs):
    report = '[ERROR] RuntimeError: no\rTraceback (most recent call last):\r\u00a0\u00a0File "/a/b.py", line 3, in c\r'

    assert first_error(logs(report)) == ("[ERROR] RuntimeError: no", '  File "/a/b.py", line 3, in c')


@pytest.mark.parametrize(
    "line",
    ["Task timed out after 30.00 seconds", "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout"],
)
def test_a_lambda_timeout_is_an_error(logs, line: str):
    assert first_error(logs(f"UserWarning: No directory at: /static/\n{line}\n")) == (line,)


def test_the_error_of_the_launcher_is_shown(logs):
    refusal = "webapp: DATABASES['reports'] has the engine 'shop.engine', which is not installed; install its package"

    assert first_error(logs(f"starting\n{refusal}\n")) == (refusal,)
    assert first_error(logs(f"{refusal}\n[2026-11-28 11:00:00 +0000] [1] [ERROR] Worker exited with code 4\n")) == (
        refusal,
    )


@pytest.mark.parametrize(
    "line",
    [
        'webapp: start {"pid": 7, "first_line": 1.5}',
        "webapp: WEBAPP_SECRET_KEY is not set, and 0.0.0.0 is reachable from other machines: a random key is used, so "
        "sessions end when this server stops",
        "webapp: clearsessions ended with exit code 0",
    ],
)
def test_other_lines_of_the_launcher_are_no_errors(logs, line):
    assert first_error(logs(f"{line}\n")) == ()


def test_the_last_of_chained_exceptions_is_shown(logs):
    chained = (
        'Traceback (most recent call last):\n  File "/a.py", line 1, in a\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "/b.py", line 2, in b\nValueError: 2\n'
    )

    assert first_error(logs(chained)) == ('  File "/b.py", line 2, in b', "ValueError: 2")


def test_frames_of_pythons_import_system_are_left_out(logs):
    trace = (
        'Traceback (most recent call last):\n  File "/site/urls.py", line 1, in <module>\n    import nowhere\n'
        '  File "<frozen importlib._bootstrap>", line 1140, in _find\nModuleNotFoundError: nowhere\n'
    )

    assert first_error(logs(trace)) == (
        '  File "/site/urls.py", line 1, in <module>', "    import nowhere", "ModuleNotFoundError: nowhere",
    )  # fmt: skip


def test_the_first_error_of_the_first_failing_process_is_shown(logs):
    assert first_error(logs("WARNING slow\n", "ERROR first\nERROR second\n", "ERROR third\n")) == ("ERROR first",)


def test_without_errors_the_first_warning_is_shown(logs):
    forbidden = json.dumps({"level": "WARNING", "logger": "django.security.csrf", "message": "Forbidden: /orders/"})

    assert first_error(logs(f"INFO ready\n{forbidden}\n")) == ("WARNING django.security.csrf: Forbidden: /orders/",)


def test_missing_logs_and_logs_without_errors_give_nothing(logs, tmp_path: Path):
    assert first_error([*logs("all is well\n{not json\n"), tmp_path / "none.log"]) == ()


def test_long_lines_are_cut(logs):
    assert [len(line) for line in first_error(logs(f"ERROR {'x' * 1_000}"))] == [300]


# A StreamHandler without a formatter writes lines like these.
REFUSED = """error connecting in 'pool-1': connection failed: connection to server at "::1", port 1 failed: refused
\tIs the server running on that host and accepting TCP/IP connections?"""
UNAVAILABLE = "Service Unavailable: /api/n/ (PoolTimeout: couldn't get a connection after 5.00 sec)"


def test_without_levels_the_database_error_and_response_are_shown(logs):
    text = f"booting\n{REFUSED}\n{REFUSED}\n{UNAVAILABLE}\n{UNAVAILABLE}\n"

    assert first_error(logs(text)) == (*REFUSED.splitlines(), UNAVAILABLE)


@pytest.mark.parametrize(
    "line",
    [
        "Internal Server Error: /orders/",
        "2026-11-28 11:00 Service Unavailable: /orders/",
        "Invalid HTTP_HOST header: 'a.example'. You may need to add 'a.example' to ALLOWED_HOSTS.",
        "Bad Request: /orders/",
        "Forbidden: /orders/",
        "Forbidden (CSRF token missing.): /orders/",
        'relation "shop_item" does not exist',
        'connection to server at "db" (10.0.0.1), port 5432 failed: timeout expired',
        '{"message": "Internal Server Error: /orders/"}',
    ],
)
def test_an_error_without_a_level_is_recognized(logs, line):
    assert first_error(logs(f"all is well\n{line}\nthe end\n"))[0].endswith(line[-12:].strip('"}'))


def test_a_lines_level_beats_words_that_look_like_an_error(logs):
    assert first_error(logs(f"Internal Server Error: /a/\n{TRACE}\n")) == SHOWN
    assert first_error(logs("[INFO] OperationalError is retried\n[WARNING] late\n")) == ("[WARNING] late",)


def test_a_server_error_beats_a_refused_request(logs):
    assert first_error(logs("Forbidden: /a/\nInternal Server Error: /b/\n")) == ("Internal Server Error: /b/",)


def test_the_last_lines_come_from_the_last_process_that_wrote(logs):
    lines = [f"line {number}" for number in range(20)]

    assert last_lines(logs("first\n", "\n".join(lines) + "\n\n", "")) == tuple(lines[-10:])
    assert last_lines([]) == ()
