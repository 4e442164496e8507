"""Whether the migrations of a new version would break the version that still runs."""
