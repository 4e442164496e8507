"""The secret key that the tests give an application."""

SECRET_KEY = "only-for-the-tests-" + "0123456789" * 5
