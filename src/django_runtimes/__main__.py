"""Runs the command `webapp` as `python -m django_runtimes`."""

from django_runtimes.cli.main import main

if __name__ == "__main__":
    main()
