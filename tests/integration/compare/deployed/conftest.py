"""The notes application as a service that somebody else has started, and nginx with TLS in front of it."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import pytest
import trustme

from django_runtimes.cli.ports import free_port
from django_runtimes.cli.processes import find_program
from django_runtimes.compare.codebase.environ import application_environ, target_environ
from django_runtimes.compare.codebase.preparation import prepare_application
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.targets.container_target import ContainerTarget
from django_runtimes.compare.targets.name import TargetName
from django_runtimes.compare.workload.reading import load_workload
from tests.integration.compare.comparison import APPLICATIONS, CONTAINER, PATIENCE
from tests.listening import listening

KEY = "0123456789abcdef0123456789abcdef"

_NGINX = """
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/nginx-errors.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {directory}/chain.pem;
        ssl_certificate_key {directory}/chain.pem;
        location / {{
            if ($http_x_api_key != "sesame-5f2a") {{ return 403; }}
            proxy_pass http://127.0.0.1:{server};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Deployed:
    """The addresses of a service: without and with TLS, and the file of the authority that signed its certificate."""

    http: str
    https: str
    authority: Path


@pytest.fixture(scope="module")
def notes_service(database_server, tmp_path_factory) -> Iterator[Deployed]:
    """The notes application behind nginx, which wants the header X-Api-Key."""
    directory = tmp_path_factory.mktemp("service")
    name = f"webapp_notes_{secrets.token_hex(4)}"
    application = load_workload(APPLICATIONS / "notes.toml").application
    with ExitStack() as stack:
        create_database(database_server, name)
        stack.callback(drop_database, database_server, name)
        environ = application_environ(application, database_url=database_server.url(name), static_root=directory)
        prepare_application(application, environ, log=directory / "prepare.log")
        environ = target_environ(TargetName.parse(CONTAINER), environ, None) | {
            **PATIENCE,
            "WEBAPP_ALLOWED_HOSTS": "127.0.0.1,localhost",
            "WEBAPP_MEASUREMENT_KEY": KEY,
            "WEBAPP_WORKERS": "1",
        }
        target = ContainerTarget(environ, log=directory / "server.log")
        asyncio.run(target.__aenter__())
        stack.callback(lambda: asyncio.run(target.__aexit__(None, None, None)))
        port = stack.enter_context(_nginx(int(target.url.rpartition(":")[2]), directory))
        yield Deployed(target.url, f"https://localhost:{port}", directory / "authority.pem")


@contextmanager
def _nginx(server: int, directory: Path) -> Iterator[int]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(directory / "chain.pem")
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "nginx.conf").write_text(_NGINX.format(directory=directory, port=port, server=server, user=user))
    command = [find_program("nginx") or "nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    with listening(command, port, environ=os.environ, log=directory / "nginx.log", death_signal=SIGTERM):
        yield port
