"""The small Django project on which claims are tested, served by Django's own handlers or the library's."""
