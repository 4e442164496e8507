"""Plans of changes to a small project, and the content and mode of its files."""

from pathlib import Path

from django_runtimes.project_files.changes.file_plan import FilePlan


def snapshot(directory: Path) -> dict[str, tuple[int, bytes | None]]:
    return {
        str(path.relative_to(directory)): (path.stat().st_mode, None if path.is_dir() else path.read_bytes())
        for path in directory.rglob("*")
    }


def planned(root: Path) -> FilePlan:
    plan = FilePlan(root)
    plan.write(root / "settings.py", b"DEBUG = False\r\nconfigure(globals())\r\n")
    plan.write(root / "old.txt", b"old\nnew\n")
    plan.write(root / "vendor/a/wheel.whl", b"x" * 1000)
    plan.write(root / "Dockerfile", b"FROM scratch\n")
    return plan


def upgraded(root: Path) -> FilePlan:
    plan = FilePlan(root)
    plan.remove(root / "vendor/a/wheel.whl")
    plan.remove(root / "old.txt")
    plan.write(root / "vendor/a/newer.whl", b"y" * 1000)
    plan.write(root / "Dockerfile", b"FROM newer\n")
    return plan
