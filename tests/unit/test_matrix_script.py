"""scripts/test_matrix.sh validates its arguments before it creates anything."""

import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.profile_free

_SCRIPT = Path(__file__).parents[2] / "scripts/test_matrix.sh"


@pytest.mark.parametrize(
    ("circumstances", "times", "message"),
    [
        (["plain", "spaces+sapces"], "1", "'sapces' is not a circumstance; choose from: plain spaces"),
        (["plain"], "0", "TIMES is '0', not a number above 0"),
        (["plain"], "many", "TIMES is 'many', not a number above 0"),
    ],
)
def test_an_invalid_argument_is_refused_at_once(circumstances: list[str], times: str, message: str, tmp_path: Path):
    refused = subprocess.run(
        [_SCRIPT, *circumstances],
        env={**os.environ, "TIMES": times, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert list(tmp_path.iterdir()) == []
