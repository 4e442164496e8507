"""Bundles everything that an operation may need: state, running processes and faults."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.deploy.standin.faults import Faults
from tests.deploy.standin.moto_server import MotoServer
from tests.deploy.standin.state import State

if TYPE_CHECKING:
    from tests.deploy.standin.runtime.containers import Containers
    from tests.deploy.standin.runtime.functions import Functions

# The account of AWS's own examples.
ACCOUNT = "123456789012"
IDENTITY = f"arn:aws:iam::{ACCOUNT}:user/deployer"


@dataclass
class World:
    """One stand-in."""

    directory: Path
    configuration: dict[str, Any]
    state: State
    faults: Faults
    moto: MotoServer
    functions: "Functions"
    containers: "Containers"

    @property
    def url(self) -> str:
        """The stand-in's own endpoint."""
        return f"http://127.0.0.1:{self.configuration['ports']['endpoint']}"

    @property
    def registry(self) -> str | None:
        """The host:port of the image registry, if there is one."""
        return f"127.0.0.1:{self.configuration['ports']['registry']}" if self.configuration["registry"] else None


def now() -> float:
    """Return the time in seconds since 1970, the form in which documents store it."""
    return datetime.now(UTC).timestamp()


def moment(seconds: float) -> datetime:
    """Convert a stored time to the form of an answer."""
    return datetime.fromtimestamp(seconds, UTC)
