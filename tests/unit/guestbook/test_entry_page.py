from datetime import UTC, datetime

from django.template.loader import render_to_string

from webapp.guestbook.models import Entry


def test_the_time_of_an_entry_is_in_utc_as_its_label_says():
    entry = Entry(pk=7, author="Ada", message="Hello", created_at=datetime(2026, 1, 1, 12, 0, tzinfo=UTC))

    page = render_to_string("guestbook/entry.html", {"entry": entry})

    assert '<time datetime="2026-01-01T12:00:00+00:00">1 January 2026, 12:00 UTC</time>' in page
