"""Decides which blocks of steady load are still to be measured, and how long each may last."""

from collections.abc import Mapping, Sequence

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.run.subject import ScenarioKey, Subject

# Shorter blocks would measure their own beginning and end, and longer ones would follow the machine's changes.
_MIN_BLOCK_S, _MAX_BLOCK_S = 0.4, 5.0
# The median of fewer requests is mostly chance.
_MIN_BLOCK_REQUESTS = 15
# The share of blocks that are repeated on an ordinary machine, with the time between blocks.
_OVERHEAD = 1.25


def lacking(subjects: Sequence[Subject], key: ScenarioKey, pairs: int) -> list[Subject]:
    """Return the running subjects whose next block may complete a pair with the first one's, that one included.

    Empty when all have this number of pairs in the scenario.
    """
    running = [subject for subject in subjects if subject.failure is None]
    if not running:
        return []
    reference, *others = running
    valid = _valid(reference.blocks.get(key, {}))
    if not others:
        return running if len(valid) < pairs else []
    short = [subject for subject in others if len(valid & _valid(subject.blocks.get(key, {}))) < pairs]
    return [reference, *short] if short else []


def block_duration_s(rate_rps: float, *, blocks: int, left_s: float) -> float:
    """Return how long a block at this rate lasts, so that as many blocks fit into the time that is left, in s."""
    equal_s = left_s / (_OVERHEAD * max(1, blocks))
    return min(max(equal_s, _MIN_BLOCK_S, _MIN_BLOCK_REQUESTS / rate_rps), _MAX_BLOCK_S)


def _valid(blocks: Mapping[int, Block]) -> set[int]:
    return {index for index, block in blocks.items() if block.void is None and block.ok}
