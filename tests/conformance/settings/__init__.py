"""A settings module for each way to run Django's suites, and their shared settings; runtests.py adds the rest."""
