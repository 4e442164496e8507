"""Counting the statements that would pin never costs a run its measurements."""

import asyncio
import io
from types import SimpleNamespace

import pytest

from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.record.pin_counts import PinCounts
from django_runtimes.compare.run.phases import pin_passes
from django_runtimes.compare.run.phases.pin_passes import count_all_pins
from django_runtimes.compare.run.time_limit import TimeLimit
from django_runtimes.compare.targets.name import TargetName
from tests.guestbook import guestbook_workload

COUNTED = PinCounts(36, 60, {})


def subject(name: str, failure: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(name=TargetName.parse(name), failure=failure, pins=None, notes=[])


class Engine:
    """An engine whose statements can be read; `made` are its databases."""

    counts_pins = True

    def __init__(self) -> None:
        self.made: list[str] = []

    def create_database(self, server: object, name: str, *, template: str) -> None:
        self.made.append(name)

    def drop_database(self, server: object, name: str) -> None:
        self.made.remove(name)


class UnreadEngine(Engine):
    """An engine whose statements cannot be read."""

    counts_pins = False


class GoneEngine(Engine):
    """An engine whose server has gone."""

    def create_database(self, server: object, name: str, *, template: str) -> None:
        raise CompareError("cannot create the database")

    def drop_database(self, server: object, name: str) -> None:
        raise CompareError("cannot drop the database")


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def databases(engine: Engine) -> list[str]:
    """The databases that exist."""
    return engine.made


def count(*subjects: SimpleNamespace, engine: Engine, limit: TimeLimit | None = None) -> str:
    """Count, and return what was shown."""
    shown = io.StringIO()
    environ = {"WEBAPP_SECRET_KEY": "hush-hush-hush"}
    emulation = SimpleNamespace(
        subjects=subjects,
        engine=engine,
        server=None,
        template="template",
        environ=lambda name, database: environ,
    )
    with Progress(shown) as progress:
        asyncio.run(
            count_all_pins(emulation, guestbook_workload(), None, progress, run_id="1a", limit=limit or TimeLimit(None))
        )
    return shown.getvalue()


def test_targets_that_send_the_same_statements_are_counted_once(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, databases: list[str]
):
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

    count(*subjects, engine=engine)

    assert [each.pins for each in subjects] == [COUNTED, COUNTED, COUNTED, COUNTED, None]
    assert counted == [["webapp_1a_pins"]] * 2
    assert databases == []


def test_a_target_that_fails_gets_a_note_without_secrets(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, databases: list[str]
):
    async def fail(*arguments: object) -> PinCounts:
        raise CompareError("the server ended; key hush-hush-hush")

    monkeypatch.setattr(pin_passes, "count_pins", fail)
    failing = subject("aws_ecs/pool/direct")

    count(failing, engine=engine)

    assert failing.pins is None
    (note,) = failing.notes
    assert note.startswith("its statements that would pin were not counted: the server ended; key ")
    assert "hush-hush" not in note
    assert databases == []


def test_statements_that_cannot_be_read_are_not_counted():
    asked, engine = subject("aws_ecs/persistent/direct@mysql"), UnreadEngine()

    count(asked, engine=engine)

    assert (asked.pins, engine.made) == (None, [])
    assert asked.notes == [
        "its statements that would pin were not counted: only those of PostgreSQL's clients can be read here"
    ]


def test_a_target_of_the_data_api_is_not_counted(engine: Engine, databases: list[str]):
    asked = subject("aws_lambda/per_request/data_api")

    count(asked, engine=engine)

    assert asked.pins is None
    assert asked.notes == ["its statements that would pin were not counted: it has no connection that could be pinned"]
    assert databases == []


def test_a_server_that_is_gone_is_only_said():
    shown = count(subject("aws_ecs/pool/direct"), engine=GoneEngine())

    assert "statements that would pin were not counted: cannot create the database" in shown


def at(taken_s: float) -> TimeLimit:
    """Return a limit of 100 s of which this time has passed."""
    moments = iter([0.0])
    return TimeLimit(100.0, clock=lambda: next(moments, taken_s))


@pytest.mark.parametrize(("taken_s", "is_counted"), [(114.9, True), (115.1, False)])
def test_long_after_the_limit_nothing_is_counted(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, databases: list[str], taken_s: float, is_counted: bool
):
    async def counts(*arguments: object) -> PinCounts:
        return COUNTED

    monkeypatch.setattr(pin_passes, "count_pins", counts)
    measured, limit = subject("aws_ecs/pool/direct"), at(taken_s)

    count(measured, engine=engine, limit=limit)

    assert measured.pins == (COUNTED if is_counted else None)
    assert limit.left_out == ([] if is_counted else ["the count of statements that would pin"])


def test_a_count_that_does_not_end_is_cut_off(monkeypatch: pytest.MonkeyPatch, engine: Engine, databases: list[str]):
    async def counts(environ, make_target, workload, generator, ledger) -> PinCounts:
        if ledger.open_key().startswith("1a-pins-0"):
            return COUNTED
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(pin_passes, "count_pins", counts)
    # The clock stands still just before the end of the grace period; the first count is done by then.
    moments = iter([0.0, 100.0])
    limit = TimeLimit(100.0, clock=lambda: next(moments, 134.95))
    quick, hanging = subject("aws_lambda/per_request/proxy"), subject("aws_ecs/pool/direct")

    count(quick, hanging, engine=engine, limit=limit)

    assert (quick.pins, quick.notes, hanging.pins) == (COUNTED, [], None)
    assert hanging.notes == [
        "its statements that would pin were not counted: the count had not ended 35 s after the run's limit of 100 s"
    ]
    assert limit.left_out == ["the count of statements that would pin of some targets"]
    assert databases == []
