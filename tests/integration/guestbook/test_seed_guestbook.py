import pytest
from django.core.management import CommandError, call_command

from webapp.guestbook.management.commands.seed_guestbook import add_sample_entries
from webapp.guestbook.models import Entry

pytestmark = pytest.mark.django_db


def test_the_command_reports_how_many_entries_it_added(capsys):
    call_command("seed_guestbook", "--entries", "7")

    assert Entry.objects.count() == 7
    assert capsys.readouterr().out == "7 sample entries added, 0 already existed.\n"


def test_a_second_run_adds_nothing():
    assert add_sample_entries(200) == 200
    assert add_sample_entries(200) == 0
    assert Entry.objects.count() == 200


def test_asking_for_more_adds_the_difference():
    add_sample_entries(10)

    assert add_sample_entries(12) == 2
    assert Entry.objects.count() == 12


def test_visitors_entries_are_kept():
    mine = Entry.objects.create(author="Ada", message="Mine")

    add_sample_entries(10)

    assert Entry.objects.count() == 11
    assert Entry.objects.first() == mine


def test_samples_have_no_idempotency_key():
    add_sample_entries(10)

    # A comparison counts the rows that have a key, but it did not write the samples.
    assert not Entry.objects.filter(idempotency_key__isnull=False).exists()


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_an_invalid_number_is_refused(number):
    with pytest.raises(CommandError, match=f"'{number}' is not a number of entries; use 1 or more"):
        call_command("seed_guestbook", f"--entries={number}")
