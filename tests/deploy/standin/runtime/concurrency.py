"""How many executions of Lambda an account may have at once, and how many of them nobody has reserved."""

from tests.deploy.standin.state import State

# What AWS keeps back for functions that reserve none, and what an account begins with, new ones excepted.
LEAST_UNRESERVED = 100
_USUAL_LIMIT = 1000
_KIND, _KEY = "concurrency", "limit"


def set_limit(state: State, executions: int) -> None:
    state.put(_KIND, _KEY, {"executions": executions})


def limit(state: State) -> int:
    known = state.get(_KIND, _KEY)
    return _USUAL_LIMIT if known is None else int(known["executions"])


def unreserved(state: State, region: str, *, without: str | None = None) -> int:
    """What is left by all functions, or by all but one."""
    return limit(state) - sum(
        int(function["properties"].get("ReservedConcurrentExecutions", 0))
        for function in state.all("function", f"{region}/")
        if function["name"] != without
    )
