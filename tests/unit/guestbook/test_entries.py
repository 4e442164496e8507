import pytest

from webapp.guestbook.entries import is_idempotency_key


@pytest.mark.parametrize("key", ["a", "k" * 255, "3f1c-77", "two words", '"quoted"', "~!"])
def test_printable_ascii_up_to_255_characters_is_a_key(key):
    assert is_idempotency_key(key)


@pytest.mark.parametrize("key", ["", "k" * 256, "clé", "tab\there", "nul\0", "line\nbreak", "\x7f"])
def test_empty_long_or_unprintable_text_is_not_a_key(key):
    assert not is_idempotency_key(key)
