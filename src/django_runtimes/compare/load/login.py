"""Logs in the virtual users of one target before anything is measured."""

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.http_client import HttpClient
from django_runtimes.compare.load.remedy import remedy
from django_runtimes.compare.load.target_answer import TargetAnswer, ask
from django_runtimes.compare.load.virtual_user import VirtualUser
from django_runtimes.compare.workload.workload import Session


async def log_in(client: HttpClient, url: str, session: Session, *, host: str) -> tuple[VirtualUser, ...]:
    """Send the session's steps for one virtual user after another, and return the users.

    Raise CompareError with the step, the status and the location for an unexpected answer.
    """
    users = tuple(VirtualUser(session, number, host=host) for number in range(1, len(session.users) + 1))
    for user in users:
        for number, step in enumerate(session.steps, start=1):
            exchange = user.fill(step)
            answer = await ask(client, url, exchange, user, keep_page=True)
            if answer.error is not None:
                raise CompareError(
                    f"[session] of {user} failed at step {number}, {step.method} {step.path}: {_described(answer)}; "
                    f"{remedy(exchange, answer, user, host=host)}"
                )
        if not user.has_cookies:
            raise CompareError(
                f"[session] of {user}: its {len(session.steps)} steps were answered as expected but set no cookie; "
                "add the steps that log in"
            )
    return users


def _described(answer: TargetAnswer) -> str:
    complaint = "" if answer.page is None else answer.page.complaint
    return f"{answer.seen} ({complaint})" if complaint else answer.seen
