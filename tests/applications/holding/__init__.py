"""Views that hold a connection for as long as the test wants."""
