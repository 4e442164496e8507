import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.terminal import print_report
from django_runtimes.compare.run.output import publish
from django_runtimes.compare.saved_runs.saved_report import main
from tests.unit.compare.page_elements import PageElements
from tests.unit.compare.saved_runs.earlier_and_later import FIXTURE, earlier_run, later_run, saved

HERE = Path(__file__).parent
ECS = "aws_ecs/pool/direct"


@pytest.fixture(autouse=True)
def work_in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    saved(earlier_run(), tmp_path / "a.json")
    saved(later_run(), tmp_path / "b.json")


def report(*arguments: str) -> int:
    return main([*arguments, "--output", "out"])


def test_one_run_gets_the_report_that_compare_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    logs = tmp_path / "measured" / "logs"
    logs.mkdir(parents=True)
    (logs / "aws_lambda-per_request-direct.log").write_text("it broke\n")
    shutil.copyfile(FIXTURE, tmp_path / "measured" / "run.json")
    publish(earlier_run(), tmp_path / "expected", logs)

    assert report("measured/run.json") == 0

    def files(folder: str) -> dict[str, str]:
        root = tmp_path / folder
        return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}

    assert files("out") == files("expected")
    assert {"report.html", "report.md", "run.json", "logs/aws_lambda-per_request-direct.log"} <= set(files("out"))
    captured = capsys.readouterr()
    print_report(earlier_run(), Console())
    assert captured.out == capsys.readouterr().out
    assert captured.err == "report: out/report.html\n"


def test_a_report_without_output_gets_a_folder_of_its_own(tmp_path: Path):
    assert main(["a.json"]) == 0
    assert main(["a.json", "b.json"]) == 0

    assert len(list(tmp_path.glob("reports/*/report.html"))) == 2


def test_two_runs_are_compared_as_in_the_expected_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert report("a.json", "b.json") == 0

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert (tmp_path / "out" / "report.md").read_text() == (HERE / "report.md").read_text()
    assert lines == (HERE / "report.txt").read_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.md"]


def test_the_page_has_every_figure_and_sentence_and_loads_nothing(tmp_path: Path):
    report("a.json", "b.json")

    text = (tmp_path / "out" / "report.html").read_text()
    page = PageElements(text.replace("<wbr>", ""))
    assert page.open == []
    assert page.addresses == ["data:,"]
    assert "<script" not in text
    assert 'aria-label="run 2 compared with run 1: read, 25/s"' in text
    assert '<th scope="row" class="text">aws_lambda/<wbr>per_request/<wbr>proxy</th>' in text
    for line in (HERE / "report.md").read_text().splitlines():
        if line.startswith("| aws_"):
            assert {cell.replace("\\", "") for cell in line.strip("| ").split(" | ")} <= set(page.texts)
        if line.startswith("- "):
            assert line.removeprefix("- ").replace("\\", "") in page.texts


def test_the_text_of_a_run_is_escaped(tmp_path: Path):
    evil = '<script>alert("1")</script> | `x`\n# heading'
    saved(replace(later_run(), environment={"workload": evil, "machine": {"cpu": evil}}), tmp_path / "evil.json")

    report("a.json", "evil.json")

    assert "<script>" not in (tmp_path / "out" / "report.html").read_text()
    markdown = (tmp_path / "out" / "report.md").read_text()
    assert "&lt;script&gt;alert" in markdown
    assert "\n# heading" not in markdown


def test_the_same_file_twice_shows_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert report("a.json", "a.json") == 0

    lines = [line for line in (tmp_path / "out" / "report.md").read_text().splitlines() if " to " in line]
    assert len([line for line in lines if line.startswith("| aws_") and line.endswith("| ~ |")]) == 8
    assert "run 1 and run 2 are the same measurements." in capsys.readouterr().out


def test_each_later_run_is_compared_with_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert report("a.json", "b.json", "a.json") == 0

    shown = capsys.readouterr().out
    assert "run 2 compared with run 1" in shown
    assert "run 3 compared with run 1" in shown
    assert "Comparison of 3 runs" in (tmp_path / "out" / "report.md").read_text()


@pytest.mark.parametrize("condition", [[], ["--fail-if", f"{ECS}@read p50 > 1s"]])
def test_runs_without_a_common_load_end_with_exit_code_2_and_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], condition: list[str]
):
    targets = tuple(
        replace(target, scenarios=tuple(replace(each, rate_rps=each.rate_rps and 40.0) for each in target.scenarios))
        for target in later_run().targets
    )
    saved(replace(later_run(), targets=targets), tmp_path / "c.json")

    assert report("a.json", "b.json", "c.json", *condition) == 2

    captured = capsys.readouterr()
    mismatch = (
        "run 3 has no load in common with run 1 (read at 40/s, write at 40/s against read at 25/s, write at 25/s); "
        "measure it again with --rates-from a.json"
    )
    assert captured.err == f"report: out/report.html\nwebapp report: {mismatch}\n"
    assert f"Nothing was compared: {mismatch}." in " ".join(captured.out.split())
    assert "Slower: aws_lambda/persistent/proxy" in (tmp_path / "out" / "report.md").read_text()


def test_a_condition_that_holds_decides_before_a_missing_load(tmp_path: Path):
    run = replace(earlier_run(), targets=earlier_run().targets[-1:])
    saved(replace(run, targets=(replace(run.targets[0], name="aws_ecs/persistent/direct"),)), tmp_path / "c.json")

    assert report("a.json", "c.json") == 2
    (tmp_path / "out").rename(tmp_path / "first")
    assert report("a.json", "c.json", "--fail-if", "aws_ecs/persistent/direct@read p50 > 1ms") == 1


def test_the_differences_of_the_environments_come_before_the_verdicts(capsys: pytest.CaptureFixture[str]):
    report("a.json", "b.json")

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "postgresql.settings.max_connections differs: 200 in run 1, 100 in run 2."
    assert lines[2] == "cpu differs: 2 cores in run 1, 4 cores in run 2."
    assert lines[3].startswith("target ")


def test_a_run_without_an_a_a_pair_has_no_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    environment = {name: value for name, value in later_run().environment.items() if name != "aa_pairs"}
    saved(replace(later_run(), environment=environment), tmp_path / "b.json")

    report("a.json", "b.json")

    assert "run 2 has no A/A pair, so nothing shows how far its figures can be trusted." in capsys.readouterr().out


def test_a_change_of_all_targets_is_said_to_be_the_machines(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    targets = tuple(
        replace(
            target,
            scenarios=tuple(
                replace(each, blocks=tuple(replace(block, p50_ms=(block.p50_ms or 0) * 1.4) for block in each.blocks))
                for each in target.scenarios
            ),
        )
        for target in earlier_run().targets
    )
    saved(Run(earlier_run().environment, targets), tmp_path / "b.json")

    report("a.json", "b.json")

    shown = " ".join(capsys.readouterr().out.split())
    assert "Every target changed in the same direction, by 1.40 to 1.40: the machine may have changed" in shown


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("absent.json", None, "absent.json cannot be read (No such file or directory); name the run.json that webapp "),
        (".", None, ". is a folder; name the run.json that webapp compare wrote"),
        ("other.json", "time,requests", "other.json is not a run (Expecting value: line 1 column 1 (char 0)); name "),
        ("cut.json", "{cut}", "cut.json is not a run ("),
        ("old.json", '{"schema": 1}', "old.json: run.json has schema 1; this version reads only schema 2"),
        ("list.json", "[]", "list.json is not a run, which is a JSON object; name "),
    ],
)
@pytest.mark.parametrize("before", [[], ["a.json"]])
def test_an_unusable_file_is_refused_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    before: list[str],
    name: str,
    content: str | None,
    error: str,
):
    if content == "{cut}":
        content = (tmp_path / "a.json").read_text()[:-100]
    if content is not None:
        (tmp_path / name).write_text(content)

    assert report(*before, name) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"webapp report: {error}")
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_damaged_histogram_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    values = json.loads((tmp_path / "a.json").read_text())
    values["targets"][0]["scenarios"][0]["blocks"][0]["histogram"] = "HISTdamaged"
    (tmp_path / "damaged.json").write_text(json.dumps(values))

    place = "targets[0].scenarios[0].blocks[0].histogram"

    for files in (["damaged.json"], ["a.json", "damaged.json"]):
        assert report(*files) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(f"webapp report: damaged.json: {place} cannot be read (")
        assert captured.err.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")

    assert report("a.json") == 2
    assert "--output 'out' exists and is not an empty folder; name another" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("condition", "code", "line"),
    [
        ("aws_lambda/persistent/proxy@read p50 > 1.2x", 1, "FAILED: run 2: aws_lambda/persistent/proxy@read:25: p50 "),
        (
            "aws_app_runner/pool/direct@read p50 > 1.2x",
            0,
            "passed: run 2: aws_app_runner/pool/direct@read:25: p50 1.00x",
        ),
        (f"{ECS}@read p50 > 1.2x", 2, f"NOT JUDGED: run 2: {ECS}@read:50: p50 cannot be judged: run 1 has no load "),
    ],
)
def test_a_condition_on_two_runs_decides_the_exit_code(capsys: pytest.CaptureFixture[str], condition, code, line):
    assert report("a.json", "b.json", "--fail-if", condition) == code

    assert capsys.readouterr().out.splitlines()[-1].startswith(line)


@pytest.mark.parametrize("runs", [["a.json"], ["a.json", "b.json"]], ids=["one run", "two runs"])
def test_the_written_reports_have_the_outcomes_of_the_conditions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], runs: list[str]
):
    target = "aws_lambda/persistent/proxy@read"
    report(*runs, "--fail-if", f"{target} p50 > 0.001ms", "--fail-if", f"{target} p50 > 10s")
    printed = capsys.readouterr().out.splitlines()[-2:]

    assert [line.partition(":")[0] for line in printed] == ["FAILED", "passed"]
    for name in ("report.md", "report.html"):
        text = (tmp_path / "out" / name).read_text()
        assert "Conditions" in text
        assert "FAILED: " in text
        assert "passed: " in text


def test_a_report_without_conditions_has_no_section_for_them(tmp_path: Path):
    report("a.json")

    assert "Conditions" not in (tmp_path / "out" / "report.md").read_text()


def test_an_invalid_condition_is_refused_before_a_report_is_written(tmp_path, capsys: pytest.CaptureFixture[str]):
    assert report("a.json", "--fail-if", "aws_ecs/pool/direkt p50 > 2ms") == 2

    assert "names no target of the run: 'aws_ecs/pool/direkt'; did you mean 'aws_ecs/pool/direct'?" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_the_command_line_runs_the_report(tmp_path: Path):
    command = [sys.executable, "-m", "django_runtimes", "report", "a.json", "--output", "out"]
    condition = ["--fail-if", f"{ECS}@read p50 > 1ms", "--fail-if", f"{ECS}@read p50 > 1s"]

    done = subprocess.run(
        [*command, *condition], capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
    )

    assert done.returncode == 1
    assert done.stderr == "report: out/report.html\n"
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[-2:]] == ["FAILED", "passed"]
    assert re.search(r"p50 3\.\d\d ms \(3\.\d\d ms to 3\.\d\d ms, 90% interval\), above 1ms", done.stdout)


def test_help_and_a_missing_file_name(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as help_:
        main(["--help"])
    with pytest.raises(SystemExit) as none:
        main([])

    assert (help_.value.code, none.value.code) == (0, 2)
    captured = capsys.readouterr()
    assert "such as 'aws_ecs/pool/direct p50 > 1.2x' or '* errors > 0.1%';" in " ".join(captured.out.split())
    assert captured.err == ("webapp report: the following arguments are required: RUN.json; see webapp report --help\n")
