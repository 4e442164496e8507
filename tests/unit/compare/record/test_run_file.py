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


NO_PHASES: dict[str, list[float]] = {"ready_ms": [], "first_response_ms": []}
STREAM = {"name": "export", "sent": 2, "errors": {}, "first_byte_ms": [3.0, 3.0], "last_byte_ms": [9.0, 9.0]}
IMAGE = {"reference": "shop:1", "engine": "podman 4.3.1", "container_start_ms": 131.0}


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
        ("[]", "is not a run, which is a JSON object"),
        ("5", "is not a run, which is a JSON object"),
        ("null", "is not a run, which is a JSON object"),
        ("{}", "is not a file of `webapp compare`"),
        ("[" * 200_000, "is not a run"),
        (
            '{"schema": 2, "environment": {}, "targets": [{"acknowledged_writes": NaN}]}',
            "it contains NaN, which is not a number",
        ),
        (changed(schema=1), "has schema 1; this version reads only schema 2"),
        (changed(schema="1"), "has schema '1'"),
        (changed(targets=[]), "has no targets"),
        (changed(targets={}), "targets is {}, not a list"),
        (changed(targets="abc"), "targets is 'abc', not a list"),
        (changed(targets=[5]), "targets[0] is 5, not an object"),
        (changed(targets=[{"name": "a"}]), "targets[0].runtime is missing"),
        (changed(environment={"plan": {"rates_rps": [25]}}), "environment.plan.rates_rps is [25], not an object"),
        (changed(environment={"aa_pairs": [["a"]]}), "environment.aa_pairs[0] has 1 items, not 2"),
        (changed(environment={"finished_at": "soon"}), "environment.finished_at is 'soon', not a date such as 2026-"),
        (changed(environment={"writes": "some"}), "environment.writes is 'some', not one of: checked, not checked"),
        (changed(environment={"machine": {"cpus": -2}}), "environment.machine.cpus is -2, below 0"),
        (changed(environment={"seed": 10**30}), "environment.seed is 1000000000000000000000000000000, not within 1,0"),
        (changed(environment={"aa_pairs": None}), "environment.aa_pairs is None, not a list"),
        (changed(environment={"limits": None}), "environment.limits is None, not an object"),
        (
            changed(environment={"image": IMAGE, "targets": {"aws_ecs/pool/direct": {}}}),
            "environment.targets.aws_ecs/pool/direct.limits is missing, and containers of an image have limits",
        ),
        (changed_target(colour="red"), "targets[0].colour is unknown"),
        (changed_target(runtime="heroku"), "targets[0].runtime is 'heroku', not one of: aws_app_runner, aws_ecs, "),
        (changed_target(strategy="odd"), "targets[0].strategy is 'odd', not one of: "),
        (changed_target(route="odd"), "targets[0].route is 'odd', not one of: "),
        (changed_target(label="odd"), "targets[0].label is 'odd', not one of: emulated, deployed"),
        (changed_target(name="aws_ecs/pool/direct"), "targets has 2 items whose name is 'aws_ecs/pool/direct'"),
        (
            changed_target(streams=[STREAM, STREAM]),
            "targets[0].streams has 2 items whose name is 'export', and only one may have it",
        ),
        (
            changed_target(streams=[{**STREAM, "last_byte_ms": [9.0]}]),
            "targets[0].streams[0].first_byte_ms has 2 values, and targets[0].streams[0].last_byte_ms has 1",
        ),
        (
            changed_target(streams=[{**STREAM, "sent": 1}]),
            "targets[0].streams[0].answers is 2, above targets[0].streams[0].sent, which is 1",
        ),
        (
            changed_target(streams=[{**STREAM, "first_byte_ms": [3.0, 10.0]}]),
            "targets[0].streams[0].first_byte_ms[1] is 10.0, above targets[0].streams[0].last_byte_ms[1] of 9.0",
        ),
        (changed_target(acknowledged_writes=-1), "targets[0].acknowledged_writes is -1, below 0"),
        (
            changed_target(ambiguous={"sent": 2, "committed": 3}),
            "targets[0].ambiguous.committed is 3, above targets[0].ambiguous.sent, which is 2",
        ),
        (
            changed_target(cold_start_ms={"n": 2, "p50": 5, "max": 6, "phases": NO_PHASES}),
            "targets[0].cold_start_ms.phases.ready_ms has 0 values, and targets[0].cold_start_ms.n is 2",
        ),
        (changed_target(capacities={"read": {"rate_rps": 0}}), "targets[0].capacities.read.rate_rps is 0, not above 0"),
        (changed_block(p50_ms=-3.5), "targets[0].scenarios[0].blocks[0].p50_ms is -3.5, below 0"),
        (changed_block(sent=-1), "targets[0].scenarios[0].blocks[0].sent is -1, below 0"),
        (
            changed_block(ok=10**6),
            "blocks[0].ok is 1000000, above targets[0].scenarios[0].blocks[0].sent, which",
        ),
        (changed_block(late=10**6), "blocks[0].late is 1000000, above targets[0].scenarios[0].blocks[0].sent"),
        (changed_block(index=1), "targets[0].scenarios[0].blocks has 2 items whose index is 1, and only one may have"),
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
