"""The Django project of this repository, which a team replaces by its own."""
