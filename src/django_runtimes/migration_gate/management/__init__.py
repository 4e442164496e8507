"""Management commands of the migration gate."""
