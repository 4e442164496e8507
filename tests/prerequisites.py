"""What some tests need of the machine: without it they skip and say what to do, or fail with CI=true."""

import os

import pytest

from webapp.compare.processes import find_program

# Debian's packages, where they have another name than the program.
_PACKAGES = {
    "ip": "iproute2",
    "nft": "nftables",
    "postgres": "postgresql",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}


def lack(reason: str) -> None:
    """Skip the test, or fail it where CI=true says that nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str) -> None:
    """Needs an installed program."""
    if find_program(name) is None:
        package = _PACKAGES.get(name, name)
        lack(f"{name} is not installed; install the package {package} (Debian: apt-get install {package})")


def require_root() -> None:
    """Needs root, for namespaces and other accounts."""
    if os.geteuid() != 0:
        lack("only root can do this; run the tests as root (sudo -E make test)")
