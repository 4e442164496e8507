"""Everything that an operation may need: what is known, what runs, what is to go wrong."""

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

# The account of AWS's own examples: it belongs to nobody.
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
        """host:port that images are pushed to."""
        return f"127.0.0.1:{self.configuration['ports']['registry']}" if self.configuration["registry"] else None


def now() -> float:
    """The moment, as seconds since 1970; documents keep it so."""
    return datetime.now(UTC).timestamp()


def moment(seconds: float) -> datetime:
    """A kept moment as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)
