"""PgBouncer's administration console."""

import asyncio

import psycopg


async def order(console_url: str, command: str) -> None:
    """Give a command, on a thread of its own: PAUSE answers only once every transaction has ended."""
    await asyncio.to_thread(_order, console_url, command)


def _order(console_url: str, command: str) -> None:
    # The console knows neither the extended protocol nor transactions.
    with psycopg.connect(console_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(command)
