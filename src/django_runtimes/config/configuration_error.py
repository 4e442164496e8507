"""What is raised when the variables do not say how to run."""


class ConfigurationError(ValueError):
    """A variable is missing, malformed or contradicts another; its text is one line with the remedy."""

    # The texts of further mistakes that were found beside this one.
    others: tuple[str, ...] = ()
