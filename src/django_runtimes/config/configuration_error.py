"""The error for variables and settings that cannot work."""


class ConfigurationError(ValueError):
    """A variable is missing or malformed, or contradicts another; the text is one line with the remedy."""

    # The texts of other errors that were found at the same time.
    others: tuple[str, ...] = ()
