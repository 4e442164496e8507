"""A package with a bundle of its own, and processes that import from it."""

import os
import subprocess
import sys
from pathlib import Path

# Writes a bundle for the search path of its own process.
WRITE = """
import sys
from pathlib import Path
from django_runtimes.entrypoints.bundle.bundle_writer import BundleFile, packed
content, number = packed(sys.argv[2:])
BundleFile(Path(sys.argv[1])).write(content)
print(number)
"""
USE = """
import sys
from django_runtimes.entrypoints.bundle.bundled_modules import use_bundle
use_bundle(sys.argv[1])
"""
# Prints the module's loader and its value.
IMPORT = USE + "import shop.orders as m; print(type(m.__loader__).__name__, m.VALUE)"
FROM_BUNDLE, FROM_SOURCE = "BundledLoader", "SourceFileLoader"


def run(*arguments: str, folder: Path, exit_code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webapp.settings", **variables}
    process = subprocess.run(
        [sys.executable, *arguments], env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert process.returncode == exit_code, process.stderr
    return process


class Shop:
    """A package in a folder of the search path, and its bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.orders = folder / "shop" / "orders.py"
        # A new file on the search path would be a change of it.
        self.bundle = folder.with_name(f"{folder.name}.bundle")
        self.orders.parent.mkdir()
        (folder / "shop" / "__init__.py").write_text("")
        self.orders.write_text("VALUE = 1\n\n\ndef fail():\n    raise RuntimeError('sold out')\n")
        (folder / "shop" / "prices.txt").write_text("7 francs")

    def run(
        self, program: str, *arguments: str, exit_code: int = 0, option: str = "-P", **variables: str
    ) -> subprocess.CompletedProcess:
        variables = {"PYTHONPATH": str(self.folder), **variables}
        options = ("-P", option, "-c", program, str(self.bundle))
        return run(*options, *arguments, folder=self.folder, exit_code=exit_code, **variables)

    def imported(self, **variables: str) -> list[str]:
        """Return the loader's name and the value of a new process."""
        return self.run(IMPORT, **variables).stdout.split()
