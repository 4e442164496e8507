import json
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.record.run_file import read_run

FIXTURE = Path(__file__).parents[1] / "report" / "run.json"


def test_a_saved_run_is_read():
    assert len(read_run(FIXTURE).targets) == 5


def test_a_missing_file_is_refused_with_the_remedy(tmp_path: Path):
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\); name the run\.json"):
        read_run(tmp_path / "run.json")


def test_the_error_for_a_folder_names_the_run_inside(tmp_path: Path):
    with pytest.raises(UsageError, match=r"is a folder; name the run\.json that webapp compare wrote"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match=r"is a folder; name .*/run\.json"):
        read_run(tmp_path)


def changed(**values: object) -> str:
    return json.dumps({**json.loads(FIXTURE.read_text()), **values})


def changed_target(**values: object) -> str:
    run = json.loads(FIXTURE.read_text())
    run["targets"][0].update(values)
    return json.dumps(run)


def changed_block(**values: object) -> str:
    run = json.loads(FIXTURE.read_text())
    run["targets"][0]["scenarios"][0]["blocks"][0].update(values)
    return json.dumps(run)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "is not a run"),
        ("not JSON", "is not a run"),
        ("[]", "is not a file of `webapp compare`"),
        ("5", "is not a file of `webapp compare`"),
        ("null", "is not a file of `webapp compare`"),
        ("{}", "is not a file of `webapp compare`"),
        ("[" * 200_000, "is not a run"),
        (
            '{"schema": 2, "environment": {}, "targets": [{"acknowledged_writes": NaN}]}',
            "it contains NaN, which is not a number",
        ),
        (changed(schema=1), "has schema 1; this version reads only schema 2"),
        (changed(schema="1"), "has schema '1'"),
        (changed(targets=[]), "has no targets"),
        (changed(targets={}), "has no targets"),
        (changed(targets="abc"), "is not a file of `webapp compare`"),
        (changed(targets=[5]), "is not a file of `webapp compare`"),
        (changed(targets=[{"name": "a"}]), "is not a file of `webapp compare`"),
        (changed(environment=[]), "environment is [], not an object"),
        (changed_target(name=5), "targets[0].name is 5, not a text"),
        (changed_target(status="odd"), "targets[0].status is 'odd', not one of: measured, failed"),
        (changed_target(acknowledged_writes=True), "targets[0].acknowledged_writes is True, not a whole number"),
        (changed_target(usage={"duration_ms": "4"}), "targets[0].usage.duration_ms is '4', not a number"),
        (changed_block(p50_ms="fast"), "targets[0].scenarios[0].blocks[0].p50_ms is 'fast', not a number"),
        (changed_target(connections={"peak": [], "mean": None, "opened": None}), "connections.peak is [], not a whole"),
        (changed_block(histogram=None), "targets[0].scenarios[0].blocks[0].histogram is None, not a text"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_not_a_run_is_refused(tmp_path: Path, content: str | bytes, error: str):
    path = tmp_path / "other.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(UsageError) as raised:
        read_run(path)

    assert error in str(raised.value)
    assert "other.json" in str(raised.value)


def test_a_huge_file_is_not_read(tmp_path: Path):
    path = tmp_path / "run.json"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)

    with pytest.raises(UsageError, match="is larger than 256 MB, the limit for a run"):
        read_run(path)
