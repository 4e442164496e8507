"""The text of statements: values, splitting, limits, and what the service cannot do."""
