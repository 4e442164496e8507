"""The errors of the tools; each text is one line for the user, with value, rule and remedy."""


class ToolError(Exception):
    """A tool could not do its work."""


class UsageError(ToolError):
    """The command line, a file of the project or a variable is invalid."""
