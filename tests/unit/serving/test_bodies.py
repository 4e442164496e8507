"""The amount of a chunked body that is parsed at once, and the smallest chunks that are accepted."""

import pytest

from django_runtimes.serving.http.bodies import ChunkedBody, RefusedError

pytestmark = pytest.mark.profile_free

_TINY = b"1\r\na\r\n"


def take_all(body: ChunkedBody, data: bytes) -> tuple[int, bytes]:
    """Pass all of the data to the body; return the number of turns it took, and the bytes for the parser."""
    turns, parsed = 0, b""
    while data:
        taken = body.take(data)
        assert taken.size
        turns, parsed, data = turns + 1, parsed + taken.parsed, data[taken.size :]
    return turns, parsed


def test_small_chunks_take_several_turns_and_lose_nothing():
    sent = _TINY * 4_000 + b"0\r\n\r\n"
    body = ChunkedBody(2**20)

    turns, parsed = take_all(body, sent)

    assert turns > 4
    assert parsed == sent
    assert body.is_complete


def test_large_chunks_take_one_turn():
    turns, _ = take_all(ChunkedBody(2**30), (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 16)

    assert turns == 1


@pytest.mark.parametrize("cut", range(1, len(_TINY)))
def test_a_turn_may_end_anywhere(cut):
    sent = _TINY * 1_001 + b"0\r\n\r\n"
    body = ChunkedBody(2**20)

    parsed = take_all(body, sent[: 3_000 + cut])[1] + take_all(body, sent[3_000 + cut :])[1]

    assert parsed == sent
    assert body.is_complete


def test_too_many_tiny_chunks_are_refused():
    body = ChunkedBody(2**30)

    take_all(body, _TINY * 16_384)
    with pytest.raises(RefusedError):
        take_all(body, _TINY * 2_000)


def test_any_number_of_16_byte_chunks_is_accepted():
    take_all(ChunkedBody(2**30), (b"10\r\n" + b"x" * 16 + b"\r\n") * 50_000)
