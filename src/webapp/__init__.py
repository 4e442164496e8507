"""The Django project of this repository, which a team replaces with its own."""
