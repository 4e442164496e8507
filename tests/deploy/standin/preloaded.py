"""Imports and reads what every stand-in needs, in the process that forks them."""

import tests.deploy.standin.__main__  # noqa: F401 - the forked processes need it
from tests.deploy.standin.server import preload

preload()
