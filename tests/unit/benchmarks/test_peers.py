from pathlib import Path

from benchmarks.contenders.peers import LOCK_FILE


def pins(lock_file: Path) -> set[str]:
    return {line.split(" ")[0] for line in lock_file.read_text().splitlines() if "==" in line}


def test_the_peers_are_measured_with_the_versions_that_the_project_serves_with():
    serving = pins(LOCK_FILE.with_name("serving.txt"))

    assert serving
    assert serving - pins(LOCK_FILE) == set()
