"""One settings module for each way to run Django's suites; runtests.py adds the rest."""
