from pathlib import Path

from django_runtimes.compare.diagnosis.kept_logs import keep_logs


def test_all_processes_are_in_one_file_without_secrets(tmp_path: Path):
    logs = [tmp_path / "server.log", tmp_path / "worker.log", tmp_path / "silent.log", tmp_path / "absent.log"]
    logs[0].write_text("key hunter22\nredis://u:pw@cache/0")
    logs[1].write_bytes(b"\xff caf\xc3\xa9\n")
    logs[2].touch()

    kept = keep_logs("aws_ecs/pool/direct", logs, tmp_path / "kept", frozenset({"hunter22"}))

    assert kept == "logs/aws_ecs-pool-direct.log"
    assert (tmp_path / "kept/aws_ecs-pool-direct.log").read_text() == (
        "==> server.log <==\nkey ***\nredis://u:***@cache/0\n==> worker.log <==\n\ufffd caf\u00e9\n"
    )


def test_silent_processes_leave_no_file(tmp_path: Path):
    (tmp_path / "silent.log").touch()

    assert keep_logs("a/b/c", [tmp_path / "silent.log"], tmp_path / "kept", frozenset()) is None
    assert not (tmp_path / "kept").exists()
