"""Converts the requests of Django's test clients to ASGI scopes and bodies."""

from typing import Any
from urllib.parse import quote

# Keys of a WSGI environ that a scope replaces; the server adds the others.
_IN_SCOPE = {
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
}


def scope_of_environ(environ: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the scope and body for a WSGI environ."""
    path = environ["PATH_INFO"].encode("latin-1")
    # Django's WSGI request also strips the slash.
    script = environ.get("SCRIPT_NAME", "").rstrip("/")
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, value in environ.items()
        if value is not None
        and (name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value != ""))
    ]
    if environ.get("REMOTE_USER"):
        # A proxy passes the user to an ASGI server in this header, and Django's asynchronous middleware reads it.
        headers.append((b"remote-user", environ["REMOTE_USER"].encode("latin-1")))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        # A server decodes the path once, and includes the mount point in it.
        "path": script + path.decode(errors="replace"),
        "raw_path": quote(path).encode(),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": script,
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 0),
        "server": (environ.get("SERVER_NAME", "testserver"), int(environ.get("SERVER_PORT", 80))),
    }
    body = environ.get("wsgi.input")
    return scope, b"" if body is None else body.read()


def environ_beside_scope(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a WSGI environ that a scope does not hold."""
    return {
        name: value
        for name, value in environ.items()
        if name not in _IN_SCOPE and not name.startswith(("HTTP_", "wsgi."))
    }


def plain_scope(scope: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the asynchronous client's scope without Django's extra keys, and the body."""
    body = scope.get("_body_file")
    scope = {name: value for name, value in scope.items() if name != "_body_file"}
    query = scope.get("query_string", b"")
    # Django's client may set the query string as str, but a server passes bytes.
    scope["query_string"] = query.encode("latin-1") if isinstance(query, str) else query
    return scope, b"" if body is None else body.read()
