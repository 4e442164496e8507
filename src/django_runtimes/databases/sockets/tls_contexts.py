"""TLS contexts, each prepared once per process: loading root certificates for each connection would take 40 ms."""

import os
import ssl
from functools import cache

from django_runtimes.config.databases.tls import verifies
from django_runtimes.config.values.choices import SslMode

# libpq's name for the certificate authorities that the operating system trusts.
_SYSTEM = "system"


@cache
def tls_context(
    mode: str, *, root: str | None = None, certificate: str | None = None, key: str | None = None
) -> ssl.SSLContext:
    """Return the context of a mode that encrypts or prefers to; `certificate` and `key` are the client's own.

    Raise OSError, of which ssl.SSLError is a kind, for a file that cannot be read or used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A certificate names hosts; verify-ca accepts any name, as libpq's mode does.
    context.check_hostname = mode == SslMode.VERIFY_FULL
    if not verifies(mode):
        context.verify_mode = ssl.CERT_NONE
    elif root is None or root == _SYSTEM:
        context.load_default_certs()
    else:
        context.load_verify_locations(root)
    if certificate is not None:
        # Without a passphrase here, OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    return context


# OpenSSL's objects hold locks, which another thread may hold while this process forks.
os.register_at_fork(after_in_child=tls_context.cache_clear)
