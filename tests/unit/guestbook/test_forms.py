import pytest

from webapp.guestbook.forms import EntryForm, PageForm


def test_an_entry_needs_an_author_and_a_message():
    form = EntryForm({"author": " Ada ", "message": "Hello\r\nthere"})

    assert form.is_valid()
    assert form.cleaned_data == {"author": "Ada", "message": "Hello\nthere"}


def test_a_line_break_counts_as_one_character_as_in_browsers():
    message = "x" * 1998 + "\r\n" + "y"

    assert EntryForm({"author": "Ada", "message": message}).is_valid()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("author", ""),
        ("author", "   "),
        ("author", "A" * 81),
        ("author", "A\0da"),
        ("author", "\ud800"),
        ("message", ""),
        ("message", "m" * 2001),
        ("message", "nul \0 nul"),
        ("message", "half a pair \udc00"),
    ],
)
def test_text_that_cannot_be_stored_is_a_form_error(field, text):
    form = EntryForm({"author": "Ada", "message": "Hello", field: text})

    assert list(form.errors) == [field]


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "\0", "9" * 5000])
def test_a_page_is_a_whole_number_from_one(number):
    assert "page" in PageForm({"page": number}).errors


def test_a_page_has_at_most_100_entries():
    assert PageForm({"page_size": "100"}).is_valid()
    assert "page_size" in PageForm({"page_size": "101"}).errors
