"""Arguments that `webapp compare` refuses before anything starts."""

import signal

import pytest

from django_runtimes.compare.compare import main
from tests.guestbook import WORKLOAD
from tests.integration.compare.comparison import CONTAINER


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--target", "heroku/pool/direct"], "--target 'heroku/pool/direct' has no runtime 'heroku'; choose one of:"),
        (["--target", "aws_ecs/puddle/direct"], "has no strategy 'puddle'; choose one of: per_request, persistent,"),
        (["--target", "aws_ecs/pool/detour"], "has no route 'detour'; choose one of: data_api, direct, proxy"),
        (["--target", "aws_ecs/pool/data_api"], "the route data_api has only the strategy per_request"),
        (["--target", "aws_ecs"], "is not runtime/strategy/route; use the form aws_lambda/per_request/proxy"),
        (["--target", CONTAINER, "--target", CONTAINER], "names a target twice"),
        (["--workload", "absent.toml"], "absent.toml cannot be read (No such file"),
        (["--database-url", "mysql://db.example/app"], "write postgresql://role:password@host:port/database"),
        (["--output", "."], "--output '.' exists and is not an empty folder; name another"),
        (["--output", "/proc/report"], "--output '/proc/report' cannot be created (No such file or directory);"),
    ],
)
def test_bad_arguments_are_reported_in_one_line_with_exit_code_2(arguments, complaint, capsys, monkeypatch, tmp_path):
    (tmp_path / "something").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    assert main(["--workload", str(WORKLOAD), *arguments]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert complaint in lines[-1]
    assert len([line for line in lines if line.startswith("webapp compare:")]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_a_url_for_targets_on_mysql_is_refused_before_anything_starts(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    arguments = ["--workload", str(WORKLOAD), "--engine", "mysql", "--database-url", "mysql://team@db.example/shop"]
    assert main(arguments) == 2

    errors = capsys.readouterr().err
    assert "webapp compare: --database-url cannot name the server of targets on mysql, whose" in errors
    assert "starting" not in errors


def test_without_a_workload_the_remedies_are_named(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    assert main([]) == 2

    assert capsys.readouterr().err == (
        "webapp compare: no workload is named; pass its file as --workload, "
        "or set workload in [tool.webapp] of pyproject.toml\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--rate", "1e9"],
        ["--budget", "soon"],
        ["--budget", "59s"],
        ["--budget", "5h"],
        ["--budget", "0s"],
        ["--wrong"],
    ],
)
def test_unparsable_arguments_are_reported_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    complaint = capsys.readouterr().err
    assert exit_.value.code == 2
    assert arguments[-1] in complaint
    assert len(complaint.splitlines()) == 1
