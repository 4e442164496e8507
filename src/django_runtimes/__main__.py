"""`python -m django_runtimes`: the command `webapp`."""

from django_runtimes.cli.main import main

if __name__ == "__main__":
    main()
