"""The complete report of the gate."""

import json
import textwrap

from django_runtimes.migration_gate.gate_report import Report, as_json, as_text
from tests.unit.migration_gate.shop import REMOVE, SHORTEN, migration, verdicts_on

PENDING = ("shop.0002_shorter", "shop.0003_remove")
SHORTER = migration("0002_shorter", SHORTEN, compatible_because="0.9 writes 40 characters at most")


def test_the_report_for_people_is_complete():
    report = Report(PENDING, ("shop.0009_later",), tuple(verdicts_on(SHORTER, migration("0003_remove", REMOVE))))

    assert as_text(report) == textwrap.dedent("""\
        shop.0009_later is applied, but this version lacks it: it belongs to a later version, or was removed
        shop.0002_shorter
          depends  Alter field text on item
                   shop_item.text becomes varchar(50) instead of varchar(100), and the running version
                   writes values that no longer fit
                   allowed: 0.9 writes 40 characters at most
        shop.0003_remove
          breaks   Remove field text from item
                   column shop_item.text is gone, and the running version names it in every SELECT and
                   INSERT
                   -> in this release, make the column nullable (AlterField with null=True) and remove it
                      from the state only (SeparateDatabaseAndState with state_operations); drop it with
                      RunSQL in the next one
        migrations to apply: 2; verdicts: 1 breaks, 1 allowed
        refused; to apply them anyway: --allow shop.0003_remove""")


def test_the_report_for_programs_is_complete():
    report = Report(PENDING[:1], (), tuple(verdicts_on(SHORTER)))

    content = as_json(report)

    assert "\n" not in content
    assert json.loads(content) == {
        "report": "migration_gate",
        "schema": 1,
        "exit_code": 0,
        "pending": ["shop.0002_shorter"],
        "unknown": [],
        "verdicts": [
            {
                "migration": "shop.0002_shorter",
                "operation": "Alter field text on item",
                "kind": "narrower_type",
                "level": "depends",
                "reason": "shop_item.text becomes varchar(50) instead of varchar(100), and the running version "
                "writes values that no longer fit",
                "remedy": "first deploy a version that writes only compliant rows, then this one; "
                'say so in the migration: compatible_because = "…"',
                "allowed": "0.9 writes 40 characters at most",
                "refuses": False,
            }
        ],
    }
