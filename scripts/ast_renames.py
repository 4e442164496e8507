"""Reads a map of renames: `old = new` on each line, for an identifier or the dotted path of a module."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Renames:
    """Which identifiers may have which new names, and which modules and folders moved where."""

    identifiers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    modules: dict[str, str] = field(default_factory=dict)

    def allows(self, old: str, new: str) -> bool:
        """Return whether `new` is `old`, or a stated name for it.

        A homonym may get several names: mypy and the tests find one that is used in the wrong place.
        """
        return new == old or new in self.identifiers.get(old, ())

    def move(self, module: str) -> str:
        """Return the new dotted path of a module; the longest stated beginning decides."""
        parts = module.split(".")
        for length in range(len(parts), 0, -1):
            if moved := self.modules.get(".".join(parts[:length])):
                return ".".join([moved, *parts[length:]])
        return module


def read_renames(text: str) -> Renames:
    """Parse the map; `#` begins a comment. Raise ValueError for a line of another form."""
    renames = Renames()
    for number, line in enumerate(text.splitlines(), 1):
        stated = line.partition("#")[0].strip()
        if not stated:
            continue
        old, equals, new = (part.strip() for part in stated.partition("="))
        if not equals or not all(part.isidentifier() for name in (old, new) for part in name.split(".")):
            raise ValueError(f"line {number}: {stated!r} is no rename; write old = new, names or dotted paths")
        if "." not in old + new:
            renames.identifiers[old].add(new)
            continue
        renames.modules[old] = new
        # A module is also the name by which `from package import module` binds it.
        renames.identifiers[old.rpartition(".")[2]].add(new.rpartition(".")[2])
    return renames
