"""Compares ranges of Python and Django versions."""

from packaging.specifiers import SpecifierSet

_MOST_PYTHON_MINORS = 40
_MOST_PYTHON_PATCHES = 30
# Django's past and future versions.
_DJANGO_VERSIONS = [
    f"{major}.{minor}.{patch}"
    for major in range(1, 9)
    for minor in range(12 if major == 1 else 3)
    for patch in range(60)
]


def python_minors(pythons: SpecifierSet) -> set[int]:
    """Return the minor versions of Python 3 that have a patch release in the range."""
    return {
        minor
        for minor in range(_MOST_PYTHON_MINORS)
        if any(pythons.contains(f"3.{minor}.{patch}") for patch in range(_MOST_PYTHON_PATCHES + 1))
    }


def django_overlaps(first: SpecifierSet, second: SpecifierSet) -> bool:
    """Return whether any version of Django is in both ranges."""
    return any(first.contains(version) and second.contains(version) for version in _DJANGO_VERSIONS)
