"""`python -m webapp`: the command `webapp` with this project's settings."""

import os
import runpy

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    runpy.run_module("django_runtimes", run_name="__main__", alter_sys=False)
