"""What a login needs of an HTML page: its CSRF token, and what it says is wrong."""

from html.parser import HTMLParser

TOKEN_FIELD = "csrfmiddlewaretoken"  # noqa: S105 - a field's name
# Django's forms and its admin mark errors so.
_ERROR_CLASSES = frozenset({"errorlist", "errornote"})
_LONGEST = 200


class Page(HTMLParser):
    """`token` is the last form's hidden field; `complaint` the forms' errors, else the page's title."""

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
        """On one line, at most 200 characters; empty when the page says nothing."""
        text = " ".join(" ".join(self._errors or self._title).split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note hidden fields and where errors begin."""
        attributes = dict(attrs)
        if tag == "input" and attributes.get("name") == TOKEN_FIELD and attributes.get("value"):
            self.token = attributes["value"]
        self._in_title = tag == "title"
        self._open.append(tag)
        if self._error_depth is None and _ERROR_CLASSES & set((attributes.get("class") or "").split()):
            self._error_depth = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those that need no end inside it."""
        self._in_title = False
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if self._error_depth is not None and len(self._open) < self._error_depth:
            self._error_depth = None

    def handle_data(self, data: str) -> None:
        """Keep what stands in the title and in errors."""
        if self._in_title:
            self._title.append(data)
        if self._error_depth is not None:
            self._errors.append(data)
