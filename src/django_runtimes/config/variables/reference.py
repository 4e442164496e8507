"""Renders docs/settings.md, which `make docs` writes, from the table."""

from collections.abc import Iterator

from django_runtimes.config.variables.table import GROUPS, Group


def render_reference() -> str:
    """Return the table as Markdown."""
    lines = [
        "# Settings reference",
        "",
        "This page lists every variable that the application reads, by group. An empty value is treated as unset. "
        "Each secret may be in a file instead, as Docker and Kubernetes mount it: the variable with `_FILE` after its "
        "name, such as `WEBAPP_SECRET_KEY_FILE=/run/secrets/key`, then names the file. Line breaks at its end are "
        "removed. "
        "`make docs` writes the page from `src/django_runtimes/config/variables/`.",
        *(line for group in GROUPS for line in _section(group)),
    ]
    return "\n".join(lines) + "\n"


def _section(group: Group) -> Iterator[str]:
    yield from ("", f"## {group.title}", "", "| variable | type | default | meaning |", "|---|---|---|---|")
    for variable in group.variables:
        secrecy = ", secret" if variable.is_secret and variable.kind != "secret" else ""
        yield f"| `{variable.name}` | {variable.accepts}{secrecy} | {variable.default_text} | {variable.meaning} |"
