"""The first compare.toml."""

from pathlib import Path

from django_runtimes.compare.workload.reading import load_workload
from django_runtimes.project_files.changes.first_workload import render_workload


def test_paths_are_kept_and_named_as_a_visitor_reads_them(tmp_path: Path):
    reads = ["/caf%C3%A9/", "/lst/?page=1%20a", "/a%3Fb", "/a?b"]
    path = tmp_path / "compare.toml"
    path.write_text(render_workload("shop", ["/"], reads, collects_static=False), encoding="utf-8")

    requests = load_workload(path, settings_module="shop.settings").requests

    assert [(request.name, request.path) for request in requests] == [
        ("/café/", "/caf%C3%A9/"),
        ("/lst/?page=1 a", "/lst/?page=1%20a"),
        ("/a%3Fb", "/a%3Fb"),
        ("/a?b", "/a?b"),
    ]
