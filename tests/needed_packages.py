"""The packages that requirements need, according to the metadata of installed packages."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed_packages(requirements: Iterable[Requirement]) -> set[str]:
    """Return the normalized names of the required packages and of all their dependencies.

    A package that is not installed is treated as having no dependencies.
    """
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(need, {""}) for need in requirements]
    while waiting:
        need, requested_extras = waiting.pop()
        if need.marker is not None and not any(need.marker.evaluate({"extra": extra}) for extra in requested_extras):
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
