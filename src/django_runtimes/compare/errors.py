"""What `webapp compare` says when it cannot go on: one line with value, rule and remedy."""


class CompareError(Exception):
    """Something could not be measured; its text is shown to the user as it is."""


class UsageError(CompareError):
    """The command line, the workload file or a variable asks for what does not exist."""
