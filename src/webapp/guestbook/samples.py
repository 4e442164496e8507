"""Sample entries that are the same on every machine, newest first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from webapp.guestbook.models import Entry

_NEWEST_AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

# The lengths are coprime, so that names and messages pair up differently on every round.
_AUTHORS = (
    "Ada",
    "Björn",
    "Chiara",
    "Dawit",
    "Emiko",
    "Farid",
    "Grażyna",
    "Hannah",
    "Ioana",
    "José",
    "Καλλιόπη",
)
_MESSAGES = (
    "What a lovely place. We will be back in spring.",
    "Greetings from the night train!",
    "The view from the tower is worth every step.\n\nBring water, though.",
    "Thank you for the warm welcome and for the coffee.",
    "We came for an hour and stayed for the day.",
    "My grandmother signed this book in 1974. Now it is my turn.",
    "¡Gracias por todo!",
    "A quiet garden, a good bench and an open book: nothing is missing here. The bees in the lavender, the old"
    " gate that sings when it opens, the cat that pretends not to look. We took our time, and were glad we did.",
    "とても楽しかったです。また来ます。",
    "Please never repaint the blue door.",
    "Rain all day, and still the best stop of our trip.",
    "Hello from the whole class 4b!",
    "My first entry anywhere. Hi.",
)


def sample_entries(count: int) -> Iterator[Entry]:
    """Yield unsaved entries with different times; a longer sample begins with the shorter one."""
    written_at = _NEWEST_AT
    for number in range(count):
        yield Entry(
            author=_AUTHORS[number % len(_AUTHORS)],
            message=_MESSAGES[number % len(_MESSAGES)],
            created_at=written_at,
        )
        written_at -= timedelta(minutes=7 + number * 53 % 240)
