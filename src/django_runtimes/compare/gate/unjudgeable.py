"""The error for a condition that the measurements cannot decide."""


class UnjudgeableError(Exception):
    """A condition cannot be judged, for this reason."""
