"""One settings module for each way to run Django's suites, and what they share; runtests.py adds the rest."""
