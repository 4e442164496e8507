"""Errors of the tools: each text is one line for the user with value, rule and remedy."""


class ToolError(Exception):
    """Something could not be done."""


class UsageError(ToolError):
    """The command line, a file of the project or a variable asks for what does not exist."""
