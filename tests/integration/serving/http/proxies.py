"""Real load balancers that reuse their connections to the server behind them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM

from django_runtimes.cli.ports import free_port
from django_runtimes.cli.processes import find_program
from tests.listening import listening

# nginx is configured as for websockets: it forwards the client's Upgrade header, and bodies without buffering.
_NGINX = """
{user}
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx-errors.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream application {{ server 127.0.0.1:{server}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://application;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""
_HAPROXY = """
global
    maxconn 1024
defaults
    mode http
    timeout connect 60s
    timeout client 120s
    timeout server 120s
frontend clients
    bind 127.0.0.1:{port}
    default_backend application
backend application
    http-reuse always
    server one 127.0.0.1:{server} pool-max-conn 8
"""


@contextmanager
def proxy(program: str, server: int, directory: Path) -> Iterator[int]:
    """Run nginx or haproxy in front of the server on port `server`; yield the proxy's port."""
    port = free_port()
    template, options = {"nginx": (_NGINX, ("-p", str(directory), "-c")), "haproxy": (_HAPROXY, ("-db", "-f"))}[program]
    user = "user root;" if os.geteuid() == 0 else ""
    file = directory / f"{program}.conf"
    file.write_text(template.format(user=user, directory=directory, port=port, server=server))
    log = directory / f"{program}.log"
    command = [find_program(program) or program, *options, str(file)]
    with listening(command, port, environ=os.environ, log=log, death_signal=SIGTERM, timeout_s=60):
        yield port
