from decimal import Decimal
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.traffic_file import read_traffic


def read(tmp_path: Path, content: str | bytes) -> Traffic:
    path = tmp_path / "hourly.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_traffic(path)


def test_two_hours_are_repeated_up_to_a_month(tmp_path: Path):
    traffic = read(tmp_path, "hour,requests\n0,3600\n1,7200\n")

    assert [(period.rate_rps, period.hours) for period in traffic.periods] == [(1, 365), (2, 365)]
    assert traffic.requests == 3_600 * 365 + 7_200 * 365
    assert traffic.hours == 730
    assert traffic.peak_rps == 2


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffhour,requests\r\n0,36\r\n1,0\r\n",
        "Hour, Requests\n1,0\n0,36\n",
        '"hour","requests"\n"0","36"\n"1","0"\n\n',
        "hour,requests\n2026-11-01T00:00,36\n2026-11-01T01:00,0\n",
        "hour,requests\n2026-11-01 01:00:00+01:00,36\n2026-11-01T01:00Z,0\n",
        "hour,requests\n0,3.6e1\n1,0.0\n",
        "requests,hour\n36,0\n0,1\n",
    ],
)
def test_a_file_from_a_spreadsheet_or_a_program_is_read(tmp_path: Path, content: str):
    traffic = read(tmp_path, content)

    assert {(period.rate_rps, period.hours) for period in traffic.periods} == {(Decimal("0.01"), 365), (0, 365)}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "is empty; write a line"),
        ("hour,requests\n", "has no hours"),
        ("0,5\n1,5\n", "line 1: the header is '0,5', not 'hour,requests'; write these two names"),
        ("hour,hour\n0,5\n", "line 1: the header is 'hour,hour', not 'hour,requests'"),
        ("hour;requests\n0;5\n", "semicolons: use commas"),
        ("hour\trequests\n0\t5\n", "tabs: use commas"),
        ("hour,requests\n0,five\n", "line 2: 'five' is not a number of requests from 0 to 1,000,000,000,000"),
        ("hour,requests\n0,5\n1,-3\n", "line 3: '-3' is not a number"),
        ("hour,requests\n0,nan\n", "line 2: 'nan' is not a number"),
        ("hour,requests\n0,Infinity\n", "line 2: 'Infinity' is not a number"),
        ("hour,requests\n0,1_000\n", "line 2: '1_000' is not a number"),
        ("hour,requests\n0,\n", "line 2: '' is not a number"),
        ("hour,requests\n0,1e30\n", "line 2: '1e30' is not a number"),
        ("hour,requests\n0,\u0665\n", "is not a number"),
        ("hour,requests\n0,1,000\n", "line 2: '0,1,000' has 3 columns, not 2"),
        ("hour,requests\n0\n", "line 2: '0' has 1 column, not 2"),
        ("hour,requests\n-1,5\n", "line 2: '-1' is not an hour"),
        ("hour,requests\n1.5,5\n", "line 2: '1.5' is not an hour"),
        ("hour,requests\n2026-11-01T00:30,5\n", "is not a full hour"),
        ("hour,requests\n0,5\n2,5\n", "has no line for hour 1; write 0"),
        ("hour,requests\n1,5\n2,5\n", "begins with hour 1; number the hours from 0"),
        ("hour,requests\n0,5\n1,6\n0,5\n", "line 4: hour '0' is also in line 2"),
        ("hour,requests\n2026-11-01T00:00,5\n2026-11-01T02:00,5\n", "no line for hour 2026-11-01T01:00"),
        ("hour,requests\n0,5\n2026-11-01T01:00,5\n", "has no line for hour 1"),
        ("hour,requests\n0,0\n1,0\n", "has no requests in any hour"),
        ("hour,requests\n" + "".join(f"{hour},1\n" for hour in range(9_001)), "more than 9,000 hours"),
        (b"hour,requests\n0,\xff\n", "is not UTF-8"),
        (b"h,\0r\n", "the header is"),
    ],
)
def test_an_error_names_the_line(tmp_path: Path, content: str | bytes, error: str):
    with pytest.raises(UsageError) as raised:
        read(tmp_path, content)

    assert error in str(raised.value)
    assert "hourly.csv" in str(raised.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    for path, cause in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(UsageError, match=f"cannot be read .{cause}.*; name a CSV file"):
            read_traffic(path)


def test_a_huge_file_is_not_read(tmp_path: Path):
    with pytest.raises(UsageError, match="is larger than 1 MB"):
        read(tmp_path, "hour,requests\n" + "0,1\n" * 300_000)
