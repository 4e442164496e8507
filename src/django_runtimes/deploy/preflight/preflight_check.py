"""The form of a check, and how its errors become answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import explain_error, is_denied
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import Outlook, PreflightAnswer


@dataclass(frozen=True)
class PreflightCheck:
    """One question to AWS: its subject, the actions that it needs, and the function that asks and judges.

    The function yields nothing if the question does not concern the stage.
    """

    subject: str
    actions: Sequence[str]
    ask: Callable[[PlannedStage], Iterator[PreflightAnswer]]

    def answers(self, stage: PlannedStage) -> list[PreflightAnswer]:
        """Ask, and turn an error of AWS into an answer, since the question itself may not be permitted."""
        found: list[PreflightAnswer] = []
        try:
            # The answers before an error are kept.
            found.extend(self.ask(stage))
        except (ToolError, BotoCoreError, ClientError, ResponseParserError) as error:
            found.append(self._denied(error) if is_denied(error) else self.unanswered(explain_error(error)))
        return found

    def _denied(self, error: Exception) -> PreflightAnswer:
        operation = getattr(error, "operation_name", "")
        return replace(
            self.unanswered(f"AWS does not permit {operation}"),
            remedy=f"grant {', '.join(self.actions)} to the deploying role (`webapp deploy policy`)",
        )

    def unanswered(self, reason: str) -> PreflightAnswer:
        """Return the answer for a question that AWS did not answer."""
        return PreflightAnswer(Outlook.UNKNOWN, f"{self.subject} could not be asked: {reason}")


def good(text: str) -> PreflightAnswer:
    """Return an answer without a remedy."""
    return PreflightAnswer(Outlook.GOOD, text)


def doubtful(text: str, remedy: str) -> PreflightAnswer:
    """Return an answer that the deploy prints as a warning."""
    return PreflightAnswer(Outlook.DOUBTFUL, text, remedy)


def bad(text: str, remedy: str) -> PreflightAnswer:
    """Return an answer that stops the deploy."""
    return PreflightAnswer(Outlook.BAD, text, remedy)
