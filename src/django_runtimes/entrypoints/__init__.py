"""The entry points of the application, one for each kind of runtime."""
