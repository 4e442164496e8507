from pathlib import Path

from benchmarks.contenders.peers import LOCK_FILE


def pins(lock_file: Path) -> set[str]:
    return {line.split(" ")[0] for line in lock_file.read_text().splitlines() if "==" in line}


def test_peers_use_the_locked_versions_of_the_project():
    serving = pins(LOCK_FILE.with_name("serving.txt"))

    assert serving
    assert serving - pins(LOCK_FILE) == set()
