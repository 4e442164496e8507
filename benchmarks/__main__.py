"""Runs the benchmark."""

import sys

from benchmarks.command import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
