from dataclasses import replace

from django_runtimes.compare.report.tables.pin_table import pin_table
from tests.unit.compare.report.rendering import render_markdown


def test_a_run_of_an_earlier_version_has_no_table_of_pins(run):
    earlier = replace(run, targets=tuple(replace(target, pins=None) for target in run.targets))

    assert pin_table(earlier) is None
    assert "would pin" not in render_markdown(earlier)
