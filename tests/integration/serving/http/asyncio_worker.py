"""A worker on asyncio's own event loop, which is used where uvloop is not installed."""

from django_runtimes.serving.http.fair_worker import FairUvicornWorker


class AsyncioWorker(FairUvicornWorker):
    """Uses asyncio's event loop even if uvloop is installed."""

    CONFIG_KWARGS = {**FairUvicornWorker.CONFIG_KWARGS, "loop": "asyncio"}
