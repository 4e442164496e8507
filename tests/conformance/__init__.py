"""Django's own test suites, run on this project's handlers and engine beside Django's."""
