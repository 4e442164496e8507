"""What requirements need, by the metadata of the packages that are installed here."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed_packages(requirements: Iterable[Requirement]) -> set[str]:
    """Their packages, what those need, and so on, by normalized names; one that is not installed needs nothing."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(need, {""}) for need in requirements]
    while waiting:
        need, extras_asked = waiting.pop()
        if need.marker is not None and not any(need.marker.evaluate({"extra": extra}) for extra in extras_asked):
            continue
        name, extras = canonicalize_name(need.name), frozenset({"", *need.extras})
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        waiting += [(Requirement(text), set(extras)) for text in requires]
    return {name for name, _ in seen}
