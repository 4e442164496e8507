import pytest

from django_runtimes.config.http.measurement_token import is_valid_token, read_facts, signed_facts, signed_token

KEY = "k" * 32
NOW_S = 1_800_000_000.0
TOKEN = signed_token(KEY, now_s=NOW_S, nonce="a1-7")


def test_a_token_is_valid_for_two_minutes_of_either_clock():
    assert is_valid_token(TOKEN, KEY, now_s=NOW_S)
    assert is_valid_token(TOKEN, KEY, now_s=NOW_S + 119)
    assert is_valid_token(TOKEN, KEY, now_s=NOW_S - 60)
    assert not is_valid_token(TOKEN, KEY, now_s=NOW_S + 120)
    assert not is_valid_token(TOKEN, KEY, now_s=NOW_S - 61)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "1800000120.a1-7",
        "1800000120.a1-7.",
        "1800000120.a1-7." + "0" * 64,
        TOKEN.replace("1800000120", "1800009999"),
        TOKEN.replace("a1-7", "a1-8"),
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN.replace("a1-7", "é"),
        "1" * 100_000,
        "soon." + TOKEN.partition(".")[2],
    ],
)
def test_a_forged_token_is_not_valid(token):
    assert not is_valid_token(token, KEY, now_s=NOW_S)


def test_a_token_of_another_key_is_not_valid():
    assert not is_valid_token(signed_token("x" * 32, now_s=NOW_S, nonce="a1-7"), KEY, now_s=NOW_S)


def test_facts_are_read_only_with_their_key_and_token():
    text = signed_facts({"process": "ab&c=d.é", "served": "0", "initialization": ""}, KEY, token=TOKEN)

    assert read_facts(text, KEY, token=TOKEN) == {"process": "ab&c=d.é", "served": "0", "initialization": ""}
    assert read_facts(text, "x" * 32, token=TOKEN) is None
    assert read_facts(text, KEY, token=signed_token(KEY, now_s=NOW_S, nonce="a1-8")) is None
    assert read_facts(text.replace("served=0", "served=9"), KEY, token=TOKEN) is None
    assert read_facts("", KEY, token=TOKEN) is None
    assert read_facts("é", KEY, token=TOKEN) is None


def test_a_token_is_no_signature_of_facts():
    content, _, signature = TOKEN.rpartition(".")

    assert read_facts(f"{content}.{signature}", KEY, token="") is None
