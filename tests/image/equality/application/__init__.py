"""The project with views that echo requests and give every kind of response."""
