"""Which versions of Python and Django two ranges have in common."""

from packaging.specifiers import SpecifierSet

_MOST_PYTHON_MINORS = 40
_MOST_PYTHON_PATCHES = 30
# Majors, minors and patches of Django, those to come included.
_DJANGO_VERSIONS = [
    f"{major}.{minor}.{patch}"
    for major in range(1, 9)
    for minor in range(12 if major == 1 else 3)
    for patch in range(60)
]


def python_minors(pythons: SpecifierSet) -> set[int]:
    """The minors of Python 3 of which some patch release is in the range."""
    return {
        minor
        for minor in range(_MOST_PYTHON_MINORS)
        if any(pythons.contains(f"3.{minor}.{patch}") for patch in range(_MOST_PYTHON_PATCHES + 1))
    }


def django_overlaps(first: SpecifierSet, second: SpecifierSet) -> bool:
    """Whether some version of Django is in both ranges."""
    return any(first.contains(version) and second.contains(version) for version in _DJANGO_VERSIONS)
