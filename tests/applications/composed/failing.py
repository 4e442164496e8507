"""A lifespan that cannot start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from django_runtimes import get_asgi_application


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """Fail like a connection to a missing service."""
    raise ConnectionError("the broker at broker.internal is not there")
    yield


application = Starlette(routes=[Mount("/", get_asgi_application())], lifespan=lifespan)
