"""A settings module for each way to run Django's suites, and the settings they share; runtests.py adds the rest."""
