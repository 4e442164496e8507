"""Draws a random sample of the tree's prose for review, as Markdown: scripts/sample_prose.py --seed COMMIT."""

import argparse
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from prose_sources import ROOTS, Prose, count_words, read_prose

# Shorter texts, such as keys and brief headings, are too short to judge.
_LEAST_WORDS = 3
_SQL = re.compile(r"\s*(?:ALTER|CREATE|DELETE|DROP|GRANT|INSERT|REVOKE|SELECT|SET|SHOW|UPDATE|WITH)\b")
_KINDS = ("docstring", "comment", "message", "test name", "description", "document")


def main(arguments: list[str]) -> int:
    """Print the sample, which depends only on the seed, the count and the tree."""
    parser = argparse.ArgumentParser(description="Draw a sample of the tree's prose, as Markdown.")
    parser.add_argument("--seed", required=True, help="the seed of the draw, usually the commit under review")
    parser.add_argument("--count", type=int, default=200, help="the size of the sample (default: 200)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the root of the tree")
    options = parser.parse_args(arguments)
    whole = [place for place in ROOTS if (options.root / place).exists()]
    strata: dict[str, list[Prose]] = {kind: [] for kind in _KINDS}
    for prose in read_prose(options.root, whole):
        if prose.kind in strata and _is_judged(prose):
            strata[prose.kind].append(prose)
    if not 0 < options.count <= sum(map(len, strata.values())):
        parser.error(f"--count {options.count} is not between 1 and the {sum(map(len, strata.values()))} texts here")
    sys.stdout.writelines(_render(strata, options.seed, options.count))
    return 0


def _is_judged(prose: Prose) -> bool:
    # Most strings in tests are input or repeat a message of the code.
    if prose.kind == "message" and (prose.path.startswith("tests/") or _SQL.match(prose.text)):
        return False
    return prose.kind == "test name" or count_words(prose.text) >= _LEAST_WORDS


def _render(strata: dict[str, list[Prose]], seed: str, count: int) -> Iterator[str]:
    shares = _shares({kind: len(texts) for kind, texts in strata.items()}, count)
    yield f"# Sample of {count} texts, seed {seed}\n\n| kind | texts | drawn |\n|---|---:|---:|\n"
    for kind, texts in strata.items():
        yield f"| {kind} | {len(texts)} | {shares[kind]} |\n"
    number = 0
    for kind, texts in strata.items():
        # Each kind has its own generator, so that a new comment does not change the draw of docstrings.
        drawn = random.Random(f"{seed} {kind}").sample(texts, shares[kind])  # noqa: S311
        for prose in sorted(drawn, key=lambda prose: (prose.path, prose.line)):
            number += 1
            text = " ".join(prose.text.split())
            yield f"\n{number}. {kind}, `{prose.path}:{prose.line}`\n   > {text}\n"


def _shares(sizes: dict[str, int], count: int) -> dict[str, int]:
    """Split `count` in proportion to `sizes`, by the largest remainder method."""
    total = sum(sizes.values())
    shares = {kind: count * size // total for kind, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda kind: (-(count * sizes[kind] % total), kind))
    for kind in by_remainder[: count - sum(shares.values())]:
        shares[kind] += 1
    return shares


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
