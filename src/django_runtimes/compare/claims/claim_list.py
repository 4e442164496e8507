"""All claims, in the order in which they are tested."""

from collections.abc import Sequence
from difflib import get_close_matches

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.claims.claim import Claim
from django_runtimes.compare.claims.scenarios import (
    burst,
    conn_max_age,
    frozen_pool,
    memory_cpu,
    package_size,
    proxy_bound,
    proxy_handshake,
    shorter_max_age,
    warm_up,
)

CLAIMS: tuple[Claim, ...] = (
    conn_max_age.CLAIM,
    shorter_max_age.CLAIM,
    proxy_bound.CLAIM,
    proxy_handshake.CLAIM,
    burst.CLAIM,
    frozen_pool.CLAIM,
    warm_up.CLAIM,
    memory_cpu.CLAIM,
    package_size.CLAIM,
)


def claims_named(names: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims with these names, once each and in the order of CLAIMS; raise UsageError for an unknown one."""
    known = {claim.name: claim for claim in CLAIMS}
    for name in names:
        if name not in known:
            meant = get_close_matches(name, known, n=1)
            hint = f"did you mean {meant[0]}?" if meant else "`webapp compare --claims list` names them"
            raise UsageError(f"--claim {name!r} is not a claim; {hint}")
    return tuple(claim for claim in CLAIMS if claim.name in names)


def expected_duration_s(claims: Sequence[Claim]) -> float:
    """Return how long the tests take on a machine with two CPUs that does nothing else."""
    return sum(claim.expected_s for claim in claims)
