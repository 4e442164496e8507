"""Proves to the master that a worker has the same measurement key, without sending the key."""

from collections.abc import Sequence

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.config.http.measurement_token import read_facts, signed_facts
from django_runtimes.config.variables.server_variables import MEASUREMENT_KEY

CHALLENGE, PROOF = "webapp_key_challenge", "webapp_key_proof"


def key_proof(key: str | None, challenge: str) -> str:
    """Return a worker's answer to a random challenge; it is empty without a key."""
    return "" if key is None else signed_facts({}, key, token=challenge)


def check_proofs(key: str | None, challenge: str, proofs: Sequence[str]) -> None:
    """Raise UsageError unless all workers have the master's key, or neither they nor the master have one."""
    name, count = MEASUREMENT_KEY.name, len(proofs)
    having = [proof for proof in proofs if proof]
    if key is None:
        problem = f"set on {len(having)} of {count} workers and not on the master" if having else None
    elif missing := count - len(having):
        problem = f"set on the master and not on {missing} of {count} workers"
    else:
        other = sum(read_facts(proof, key, token=challenge) is None for proof in proofs)
        problem = f"another key on {other} of {count} workers than on the master" if other else None
    if problem is not None:
        raise UsageError(f"{name} is {problem}; set the same key on the master and on every worker, or on none")
