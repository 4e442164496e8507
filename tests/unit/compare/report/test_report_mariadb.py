"""What every report says about a run on MariaDB."""

from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from tests.unit.compare.report.printed_report import printed
from tests.unit.compare.report.rendering import render_html, render_markdown


def on_mariadb(run: Run) -> Run:
    environment = {name: value for name, value in run.environment.items() if name != "postgresql"}
    server = {"version": "10.11.14-MariaDB-0+deb12u2", "max_connections": "100"}
    targets = tuple(
        replace(target, name=f"{target.runtime}/persistent/direct@mysql", strategy="persistent", route="direct")
        for target in {target.runtime: target for target in run.targets}.values()
    )
    return Run({**environment, "mariadb": server}, targets)


@pytest.mark.parametrize("render", [render_markdown, render_html])
def test_every_report_states_the_server(run: Run, render):
    text = " ".join(render(on_mariadb(run)).split())

    assert (
        "Emulated targets ran on MariaDB 10.11.14. The figures say nothing about PostgreSQL, and nothing about RDS "
        "Proxy, for which no server here stands in with this engine. MySQL was not run." in text
    )
    assert "MariaDB" not in render(run)


def test_the_subtitle_states_the_server(run: Run):
    assert "MariaDB 10.11.14" in content_of(on_mariadb(run)).subtitle.split(" · ")


def test_the_terminal_names_the_engine_of_each_target(run: Run):
    text = " ".join(printed(on_mariadb(run)).split())

    assert "aws_ecs/persistent/direct@mysql" in text


def test_the_configuration_of_the_server_is_recorded(run: Run):
    text = render_markdown(on_mariadb(run))

    assert "| mariadb.version | 10.11.14-MariaDB-0+deb12u2 |" in text
    assert "configuration of the database" not in text
    assert "configuration of the database" in render_markdown(replace(run, environment={"targets": {}}))
