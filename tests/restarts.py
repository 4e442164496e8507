"""Starts the comparison's servers again after a test has ended their processes."""

from django_runtimes.cli import processes
from django_runtimes.compare.services.pgbouncer import PgBouncer
from django_runtimes.compare.services.postgres import EmbeddedPostgres


def restart_postgres(server: EmbeddedPostgres) -> None:
    """Start the server on the same port and data; return before it answers."""
    server._spawn(server.port, processes.server_account())


def restart_pgbouncer(proxy: PgBouncer) -> None:
    """Start PgBouncer on the same port; return before it answers."""
    proxy._spawn(processes.server_account())
