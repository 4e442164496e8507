"""The errors of the stand-in."""


class AwsError(Exception):
    """An error as AWS returns it, with the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class NotSupportedError(AwsError):
    """The stand-in neither implements nor forwards the request; the message names the missing part."""

    def __init__(self, what: str) -> None:
        super().__init__("StandInLacks", f"the stand-in has no {what}; add it to tests/deploy/standin", 501)


class InvalidAnswerError(Exception):
    """The stand-in's own answer violates AWS's model."""
