"""FastAPI under /api, and Django under /legacy and for everything else."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Mount

from django_runtimes import get_asgi_application

api = FastAPI()


@api.get("/item/{number}")
async def item(request: Request, number: int) -> dict[str, Any]:
    """Return the state from the lifespan and the received request."""
    client = request.client.host if request.client else None
    link = str(request.url_for("item", number=number))
    return {"from": "fastapi", "number": number, "state": request.state.opened, "client": client, "link": link}


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[dict[str, str]]:
    """Open a resource at the start, and close it at the end."""
    sys.stderr.write("composed: opened\n")
    yield {"opened": "by the lifespan"}
    sys.stderr.write("composed: closed\n")


django = get_asgi_application()

from django.db import connection, transaction  # noqa: E402  (they need the set-up)


def _in_session(statement: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[str | None] = cursor.fetchone()
    return row[0]


_SET = "SELECT set_config('app.tenant', 'a', false)"
_READ = "SELECT current_setting('app.tenant', true)"


@api.get("/tenant/set")
def set_tenant() -> str | None:
    """Set the tenant in the session, in one of anyio's threads."""
    return _in_session(_SET)


@api.get("/tenant/read")
def read_tenant() -> str | None:
    """Return the tenant in the session."""
    return _in_session(_READ) or None


@api.get("/tenant/aset")
async def aset_tenant() -> str | None:
    """Set the tenant in the session, in asgiref's thread."""
    return await sync_to_async(_in_session)(_SET)


@api.get("/tenant/aread")
async def aread_tenant() -> str | None:
    """Return the tenant in the session, in asgiref's thread."""
    return await sync_to_async(_in_session)(_READ) or None


def _numbers() -> Iterator[str]:
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT generate_series(1, 300)")
        while row := cursor.fetchone():
            yield f"{row[0]} "


@api.get("/numbers")
def stream_numbers() -> StreamingResponse:
    """Stream the numbers from 1 to 300; each is read from a server-side cursor, on any of anyio's threads."""
    return StreamingResponse(_numbers())


_begun, _released = asyncio.Event(), asyncio.Event()


def _enter_atomic() -> Any:
    atomic = transaction.atomic()
    atomic.__enter__()
    _in_session("SELECT set_config('app.tenant', 'a', true)")
    return atomic


@api.get("/tenant/hold")
async def hold_transaction() -> str | None:
    """Return the tenant of a transaction that lasts until `release` is called."""
    atomic = await sync_to_async(_enter_atomic)()
    _begun.set()
    await _released.wait()
    tenant = await sync_to_async(_in_session)(_READ)
    await sync_to_async(atomic.__exit__)(None, None, None)
    return tenant


@api.get("/tenant/release")
async def release_transaction() -> str | None:
    """Return the tenant that this request sees during the transaction of `hold`, and end that transaction."""
    await _begun.wait()
    tenant = await sync_to_async(_in_session)(_READ)
    _released.set()
    return tenant or None


application = Starlette(routes=[Mount("/api", api), Mount("/legacy", django), Mount("/", django)], lifespan=lifespan)
