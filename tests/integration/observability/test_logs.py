import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.profile_free

SOURCE = """
import logging
import django
django.setup()
logging.getLogger("library").setLevel(logging.INFO)
for name in ("django.request", "django.server", "library", "guestbook"):
    for level in (logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(level, "said")
"""


@pytest.mark.parametrize(
    ("chosen", "levels"),
    [
        ("error", ["ERROR"]),
        ("warning", ["WARNING", "ERROR"]),
        ("", ["INFO", "WARNING", "ERROR"]),
        ("debug", ["INFO", "WARNING", "ERROR"]),
    ],
)
def test_a_loggers_own_level_is_never_below_the_chosen_level(chosen, levels):
    process = subprocess.run(
        [sys.executable, "-c", SOURCE],
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "DATABASE_URL": "postgresql://app@127.0.0.1:1/app",
            "WEBAPP_LOG_LEVEL": chosen,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    lines = [line.split(maxsplit=2)[2] for line in process.stderr.splitlines() if line.endswith(": said")]
    assert lines == [
        f"{level} {name}: said"
        for name in ("django.request", "django.server", "library", "guestbook")
        for level in levels
    ]
