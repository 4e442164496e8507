"""Views that hold a database connection until the test releases it."""
