"""What a stage gives up on the route data_api, with the figures of docs/database.md."""

from collections.abc import Iterator

from django_runtimes.deploy.catalogue import DATABASE
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, good
from django_runtimes.deploy.templates.database_route import DATA_API_ROUTE, ROUTE

_LINES = (
    "each statement is a call of the Data API, which took 17 ms inside a region in a published measurement, and "
    "atomic() adds two calls; the cluster and its clients need no proxy, no NAT gateway and no connection budget",
    "a statement ends after 45 s and a transaction after 3 idle minutes; its text and a returned row have at most "
    "64 KB, a request 4 MiB, and results above 1 MiB are read in pages",
    "the service keeps no session: no LISTEN, no COPY, no session locks, no SET outside a transaction; "
    "`webapp pinlint --route data_api` finds them in your tests, and `webapp docs database` has the list",
    "the logins are secrets that nothing rotates, calls reach only the writer, and a million calls cost 0.35 USD",
)


def _ask(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    if not stage.context.has_data_api:
        return
    for line in _LINES:
        yield good(f"{ROUTE} = '{DATA_API_ROUTE}': {line}")
    # The owner of an existing cluster decides whether it pauses.
    if stage.value(DATABASE, "MinAcu") and float(stage.value(DATABASE, "MinAcu")) == 0:
        yield good(
            f"{ROUTE} = '{DATA_API_ROUTE}': the cluster pauses after {stage.value(DATABASE, 'PauseAfterS')} s without "
            "calls, and the next request waits 10 to 30 s until it has resumed, or gets a 503 with Retry-After; "
            "MinAcu = 0.5 keeps it awake for 43.80 USD per month"
        )


DATABASE_ROUTE = PreflightCheck("the route to the database", (), _ask)
