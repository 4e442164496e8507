"""FastAPI under /api, Django under /legacy and under everything else."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount

from django_runtimes import get_asgi_application

api = FastAPI()


@api.get("/item/{number}")
async def item(request: Request, number: int) -> dict[str, Any]:
    """Says what the lifespan left, and how the request came."""
    client = request.client.host if request.client else None
    link = str(request.url_for("item", number=number))
    return {"from": "fastapi", "number": number, "state": request.state.opened, "client": client, "link": link}


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[dict[str, str]]:
    """What a project opens at the start and closes at the end."""
    sys.stderr.write("composed: opened\n")
    yield {"opened": "by the lifespan"}
    sys.stderr.write("composed: closed\n")


django = get_asgi_application()
application = Starlette(routes=[Mount("/api", api), Mount("/legacy", django), Mount("/", django)], lifespan=lifespan)
