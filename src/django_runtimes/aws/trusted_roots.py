"""The TLS context for AWS's endpoints."""

import os
import ssl
from functools import cache


@cache
def tls_context() -> ssl.SSLContext:
    """Return a context that verifies servers with AWS_CA_BUNDLE, or else with the system's root certificates.

    A folder of certificates named by their hash, as Debian has, is read when a server is verified. The file with all of
    them would take 40 ms.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        context.load_verify_locations(bundle)
    elif os.environ.get(paths.openssl_cafile_env) or not has_hashes(paths.capath):
        context.set_default_verify_paths()
    else:
        context.load_verify_locations(capath=paths.capath)
    return context


def has_hashes(folder: str | None) -> bool:
    """Return whether a folder has certificates that are named by their hash."""
    return folder is not None and any(name.endswith(".0") for name in os.listdir(folder))  # noqa: PTH208  (pathlib is slower)
