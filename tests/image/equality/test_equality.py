"""The same request set gives the same responses in every place."""

import pytest

from tests.image.equality.differences import DIFFERENCES, Difference, normalized, settled
from tests.image.equality.requests import request_set
from tests.image.podman import CHECKOUT

NAMES = [request.name for request in request_set()]
FUNCTIONS = ["aws_emulator", "our_emulator", "our_emulator_streaming"]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_responds_like_a_container(answers, name):
    expected, *got = (normalized(name, settled(answers[place][name])) for place in ("container", *FUNCTIONS))

    assert got == [expected] * len(FUNCTIONS)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.what)
@pytest.mark.parametrize("place", FUNCTIONS)
def test_each_listed_difference_still_exists(answers, place, difference: Difference):
    def differs(name: str) -> bool:
        expected, got = (
            normalized(name, settled(answers[where][name]), without=difference) for where in ("container", place)
        )
        return expected != got

    assert any(differs(name) for name in NAMES)


def test_the_requests_get_every_kind_of_response(answers):
    statuses = {name: answer.status for name, answer in answers["container"].items()}

    assert statuses["entry"] == 302
    assert statuses["API entry"] == statuses["API entry again"] == 201
    assert statuses["written entry"] == 200
    assert statuses["answer broken"] == 500
    assert b"nobody may see this" not in answers["container"]["answer broken"].body
    exported = [line for line in answers["container"]["API export"].body.splitlines() if line]
    assert len(exported) == 2
    # Without a request that produces a status, that status would not be compared.
    assert {200, 201, 204, 301, 302, 303, 304, 307, 308, 400, 403, 404, 405, 500, 503} <= set(statuses.values())


def test_the_documentation_shows_every_difference_with_its_reason():
    page = (CHECKOUT / "docs" / "image.md").read_text()

    for difference in DIFFERENCES:
        assert f"| {difference.what} | {difference.reason} |" in page
