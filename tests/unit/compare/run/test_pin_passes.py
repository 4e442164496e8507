"""Counting the statements that would pin never costs a run its measurements."""

import asyncio
import io
from types import SimpleNamespace

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.record.pin_counts import PinCounts
from django_runtimes.compare.run import pin_passes
from django_runtimes.compare.run.pin_passes import count_all_pins
from django_runtimes.compare.targets.name import TargetName
from tests.guestbook import guestbook_workload

COUNTED = PinCounts(36, 60, {})


def subject(name: str, failure: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(name=TargetName.parse(name), failure=failure, pins=None, notes=[])


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that exist."""
    made: list[str] = []
    monkeypatch.setattr(pin_passes, "create_database", lambda server, name, template: made.append(name))
    monkeypatch.setattr(pin_passes, "drop_database", lambda server, name: made.remove(name))
    return made


def count(*subjects: SimpleNamespace) -> str:
    """Count, and return what was shown."""
    shown = io.StringIO()
    environ = {"WEBAPP_SECRET_KEY": "hush-hush-hush"}
    emulation = SimpleNamespace(
        subjects=subjects, server=None, template="template", environ=lambda name, database: environ
    )
    with Progress(shown) as progress:
        asyncio.run(count_all_pins(emulation, guestbook_workload(), None, progress, run_id="1a"))
    return shown.getvalue()


def test_targets_that_send_the_same_statements_are_counted_once(monkeypatch: pytest.MonkeyPatch, databases: list[str]):
    counted = []

    async def counts(environ, make_target, workload, generator, ledger) -> PinCounts:
        counted.append(list(databases))
        return COUNTED

    monkeypatch.setattr(pin_passes, "count_pins", counts)
    subjects = [
        subject("aws_lambda/per_request/proxy"),
        subject("aws_lambda/per_request/proxy@512"),
        subject("aws_ecs/pool/direct"),
        subject("aws_app_runner/pool/direct"),
        subject("aws_ecs/persistent/direct", failure="it does not start"),
    ]

    count(*subjects)

    assert [each.pins for each in subjects] == [COUNTED, COUNTED, COUNTED, COUNTED, None]
    assert counted == [["webapp_1a_pins"]] * 2
    assert databases == []


def test_a_target_that_fails_gets_a_note_without_secrets(monkeypatch: pytest.MonkeyPatch, databases: list[str]):
    async def fail(*arguments: object) -> PinCounts:
        raise CompareError("the server ended; key hush-hush-hush")

    monkeypatch.setattr(pin_passes, "count_pins", fail)
    failing = subject("aws_ecs/pool/direct")

    count(failing)

    assert failing.pins is None
    (note,) = failing.notes
    assert note.startswith("its statements that would pin were not counted: the server ended; key ")
    assert "hush-hush" not in note
    assert databases == []


def test_a_server_that_is_gone_is_only_said(monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object, **options: object) -> None:
        raise CompareError("cannot create the database")

    monkeypatch.setattr(pin_passes, "create_database", fail)
    monkeypatch.setattr(pin_passes, "drop_database", fail)

    shown = count(subject("aws_ecs/pool/direct"))

    assert "statements that would pin were not counted: cannot create the database" in shown
