"""Extracts the CSRF token and the error messages from an HTML page."""

from html.parser import HTMLParser

TOKEN_FIELD = "csrfmiddlewaretoken"  # noqa: S105 - a field's name
# The CSS classes of error messages in Django's forms and its admin.
_ERROR_CLASSES = frozenset({"errorlist", "errornote"})
_MAX_LENGTH = 200


class Page(HTMLParser):
    """A parsed page; `token` is the last form's CSRF token, `complaint` the forms' errors or the page's title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.token: str | None = None
        self._open: list[str] = []
        self._errors: list[str] = []
        self._title: list[str] = []
        self._error_depth: int | None = None
        self._in_title = False
        self.feed(text)
        self.close()

    @property
    def complaint(self) -> str:
        """The errors, or else the title, on one line of at most 200 characters."""
        text = " ".join(" ".join(self._errors or self._title).split())
        return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 1]}…"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read CSRF tokens, and note where the title and errors begin."""
        attributes = dict(attrs)
        if tag == "input" and attributes.get("name") == TOKEN_FIELD and attributes.get("value"):
            self.token = attributes["value"]
        self._in_title = tag == "title"
        self._open.append(tag)
        if self._error_depth is None and _ERROR_CLASSES & set((attributes.get("class") or "").split()):
            self._error_depth = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and the void elements inside it."""
        self._in_title = False
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if self._error_depth is not None and len(self._open) < self._error_depth:
            self._error_depth = None

    def handle_data(self, data: str) -> None:
        """Collect the text of the title and of errors."""
        if self._in_title:
            self._title.append(data)
        if self._error_depth is not None:
            self._errors.append(data)
