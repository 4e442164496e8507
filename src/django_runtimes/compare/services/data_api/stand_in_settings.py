"""The settings of the stand-in for the Data API, which its process reads from a private file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

# tmokmss/aurora-data-api-proxy, docs/benchmark.md: a call inside the region.
PUBLISHED_LATENCY_MS = 17.0


@dataclass(frozen=True)
class StandInSettings:
    """What the process serves, and the service's limits, which only tests shorten.

    `secrets` has a postgresql:// URL for each secret ARN, with the role and the password of that secret.
    """

    cluster_arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)
    # Added to each call, on top of the time that PostgreSQL takes.
    latency_ms: float = PUBLISHED_LATENCY_MS
    statement_s: float = 45.0
    transaction_idle_s: float = 180.0
    transaction_s: float = 86_400.0
    # Without calls for this long the database pauses, and refuses the calls of `resume_s`; None keeps it awake.
    pause_after_s: float | None = None
    resume_s: float = 15.0

    @property
    def region(self) -> str:
        """The region in the cluster's ARN."""
        return self.cluster_arn.split(":")[3]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write()` wrote."""
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Write a file that only its owner can read."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))
