"""`python -m webapp`: the command `webapp` with this project's settings."""

import os

from django_runtimes.cli.main import main

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    main()
