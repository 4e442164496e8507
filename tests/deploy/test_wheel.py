"""What is installed holds what connections rest on beside the code."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_authorities(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    assert {"django_runtimes/databases/roots/rds.pem", "django_runtimes/databases/roots/amazon.pem"} <= set(names)
    assert not [name for name in names if name.startswith("webapp/")]
