"""What the stand-in answers instead of a result."""


class AwsError(Exception):
    """An error as AWS gives it; `status` is HTTP's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class NotBuiltError(AwsError):
    """Neither done here nor by moto: a gap of the stand-in, said with its name."""

    def __init__(self, what: str) -> None:
        super().__init__("StandInLacks", f"the stand-in has no {what}; add it to tests/deploy/standin", 501)


class BrokenAnswerError(Exception):
    """The stand-in's own answer is not one that AWS could give."""
