"""Reads a map of renames, which has a line `old = new` for each identifier or dotted module path."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Renames:
    """The permitted new names of identifiers, and the new paths of modules and folders."""

    identifiers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    modules: dict[str, str] = field(default_factory=dict)

    def allows(self, old: str, new: str) -> bool:
        """Return whether `new` is `old` or one of its stated names.

        A homonym may have several new names; mypy and the tests find a name in the wrong place.
        """
        return new == old or new in self.identifiers.get(old, ())

    def move(self, module: str) -> str:
        """Return the new dotted path of a module, by the longest stated prefix."""
        parts = module.split(".")
        for length in range(len(parts), 0, -1):
            if moved := self.modules.get(".".join(parts[:length])):
                return ".".join([moved, *parts[length:]])
        return module


def read_renames(text: str) -> Renames:
    """Parse the map, in which `#` begins a comment; raise ValueError for an invalid line."""
    renames = Renames()
    for number, line in enumerate(text.splitlines(), 1):
        stated = line.partition("#")[0].strip()
        if not stated:
            continue
        old, equals, new = (part.strip() for part in stated.partition("="))
        if not equals or not all(part.isidentifier() for name in (old, new) for part in name.split(".")):
            raise ValueError(f"line {number}: {stated!r} is not a rename; write old = new, with names or dotted paths")
        if "." not in old + new:
            renames.identifiers[old].add(new)
            continue
        renames.modules[old] = new
        # `from package import module` binds the module's name, so that is an identifier too.
        renames.identifiers[old.rpartition(".")[2]].add(new.rpartition(".")[2])
    return renames
