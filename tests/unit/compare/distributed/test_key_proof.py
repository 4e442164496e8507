import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.distributed.key_proof import check_proofs, key_proof

KEY, OTHER = "k" * 32, "o" * 32
REMEDY = "; set the same key on the master and on every worker, or on none"


@pytest.mark.parametrize("key", [None, KEY])
def test_equal_keys_are_accepted(key):
    check_proofs(key, "challenge", [key_proof(key, "challenge"), key_proof(key, "challenge")])


@pytest.mark.parametrize(
    ("master", "workers", "problem"),
    [
        (KEY, (KEY, None), "set on the master and not on 1 of 2 workers"),
        (None, (KEY, None), "set on 1 of 2 workers and not on the master"),
        (KEY, (KEY, OTHER), "another key on 1 of 2 workers than on the master"),
    ],
)
def test_different_keys_are_an_error(master, workers, problem):
    with pytest.raises(UsageError) as caught:
        check_proofs(master, "challenge", [key_proof(key, "challenge") for key in workers])

    assert str(caught.value) == f"WEBAPP_MEASUREMENT_KEY is {problem}{REMEDY}"


def test_a_proof_holds_for_one_challenge():
    with pytest.raises(UsageError, match="another key on 1 of 1 workers"):
        check_proofs(KEY, "second", [key_proof(KEY, "first")])


def test_a_proof_does_not_contain_the_key():
    assert KEY not in key_proof(KEY, "challenge")
