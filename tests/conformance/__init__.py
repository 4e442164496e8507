"""Django's own test suites, run with this project's handlers and engine and with Django's."""
