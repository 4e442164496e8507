"""Gives a restored process random numbers of its own."""

# Imported here, before the snapshot.
import ctypes
import os
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_MAPS = Path("/proc/self/maps")
_SEED_BYTES = 32
# The bit that marks a node of uuid1() as no address of a network card: RFC 9562, section 6.10.
_MULTICAST_BIT = 1 << 40


def reseed() -> None:
    """Seed the generators of `random` and NumPy and each copy of OpenSSL, and replace what was drawn from them.

    `secrets` and `os.urandom()` read the kernel, which knows of the restore.
    """
    random.seed()
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    _seed_openssl()
    _forget_node()
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        # The names of temporary files, which applications also use as names in a shared storage.
        tempfile._name_sequence = None


def _seed_openssl() -> None:
    ssl: Any = sys.modules.get("ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(_SEED_BYTES), float(_SEED_BYTES))
    # psycopg's wheel has an OpenSSL of its own, of which Python has no module.
    libraries = _loaded_libraries("libcrypto")
    if not libraries:
        return
    for path in libraries:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(path).RAND_poll()


def _loaded_libraries(name: str) -> set[str]:
    """Return the paths of the loaded shared libraries whose file names begin with `name`."""
    try:
        lines = _MAPS.read_text().splitlines()
    except OSError:
        return set()
    paths = {line.split(maxsplit=5)[5] for line in lines if line.count("/") and len(line.split(maxsplit=5)) == 6}
    return {path for path in paths if path.rpartition("/")[2].startswith(name)}


def _forget_node() -> None:
    """Let `uuid.uuid1()` begin with a random node and a random sequence, instead of those in the snapshot."""
    uuid: Any = sys.modules.get("uuid")
    if uuid is None:
        return
    # libuuid keeps its sequence where nothing can reset it, and all environments may have the same network address.
    uuid._generate_time_safe = None
    uuid._last_timestamp = None
    uuid._node = int.from_bytes(os.urandom(6), "big") | _MULTICAST_BIT
