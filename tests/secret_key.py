"""The secret key for applications under test."""

SECRET_KEY = "only-for-the-tests-" + "0123456789" * 5
