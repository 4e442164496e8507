from itertools import pairwise

from webapp.guestbook.forms import EntryForm
from webapp.guestbook.samples import sample_entries


def content(entries):
    return [(entry.author, entry.message, entry.created_at) for entry in entries]


def test_a_longer_sample_starts_with_the_shorter_sample():
    assert content(sample_entries(500))[:200] == content(sample_entries(200))


def test_samples_have_distinct_times_newest_first():
    times = [entry.created_at for entry in sample_entries(500)]

    assert all(later > earlier for later, earlier in pairwise(times))


def test_every_sample_passes_the_form():
    for entry in sample_entries(150):
        assert EntryForm({"author": entry.author, "message": entry.message}).is_valid()
