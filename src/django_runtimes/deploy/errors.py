"""What the verbs say when they cannot go on: one line with value, rule and remedy."""


class DeployError(Exception):
    """Something could not be done; its text is shown to the user as it is."""


class UsageError(DeployError):
    """The command line or webapp.toml asks for what does not exist."""
