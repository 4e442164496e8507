"""PgBouncer's administration console."""

import asyncio

import psycopg


async def run_command(console_url: str, command: str) -> None:
    """Run a command in a thread, because PAUSE returns only after every transaction has ended."""
    await asyncio.to_thread(_run_command, console_url, command)


def _run_command(console_url: str, command: str) -> None:
    # The console supports neither the extended protocol nor transactions.
    with psycopg.connect(console_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(command)
