"""What differs from PostgreSQL on a connection."""

from django.db.backends.postgresql.features import DatabaseFeatures


class DataApiFeatures(DatabaseFeatures):
    """Django's features for PostgreSQL, without the results that the service cannot return."""

    # A result of type xml cannot be returned.
    supported_explain_formats = {"JSON", "TEXT", "YAML"}
    # Values are merged into the text, as with Django's default.
    uses_server_side_binding = False
