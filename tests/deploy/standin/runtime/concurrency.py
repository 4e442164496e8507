"""Tracks the account's limit of concurrent Lambda executions, and how many of them are unreserved."""

from tests.deploy.standin.state import State

# AWS keeps 100 executions for functions without a reservation. The limit is the default for all accounts except new
# ones.
LEAST_UNRESERVED = 100
_USUAL_LIMIT = 1000
_KIND, _KEY = "concurrency", "limit"


def set_limit(state: State, executions: int) -> None:
    state.put(_KIND, _KEY, {"executions": executions})


def limit(state: State) -> int:
    known = state.get(_KIND, _KEY)
    return _USUAL_LIMIT if known is None else int(known["executions"])


def unreserved(state: State, region: str, *, without: str | None = None) -> int:
    """Return the executions that the functions leave unreserved, not counting the function `without`."""
    return limit(state) - sum(
        int(function["properties"].get("ReservedConcurrentExecutions", 0))
        for function in state.all("function", f"{region}/")
        if function["name"] != without
    )
