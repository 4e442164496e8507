"""Prints the path of the Locust file: locust -f "$(python -m django_runtimes.compare.distributed)"."""

import sys
from pathlib import Path

sys.stdout.write(f"{Path(__file__).parents[1] / 'locustfile.py'}\n")
