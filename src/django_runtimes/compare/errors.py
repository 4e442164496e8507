"""The error of `webapp compare`."""

from django_runtimes.cli.errors import ToolError


class CompareError(ToolError):
    """Something could not be measured."""
