"""Renders `webapp check --explain`: every setting that was added or changed, with the reason."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.views.debug import get_default_exception_reporter_filter

from django_runtimes.adopt.configure import Call
from django_runtimes.adopt.setting_change import MISSING, SettingChange
from django_runtimes.config.adopted import SETTING
from django_runtimes.config.s3_settings import SIGNATURE_VERSION

# Values that are no secrets although Django masks their names.
_PUBLIC = {"AWS_S3_SIGNATURE_VERSION": SIGNATURE_VERSION}
_WIDTH = 80
_INDENT = "    "


def explain(call: Call) -> str:
    """Return the changes, grouped by setting, with secrets masked, for a terminal of 80 columns."""
    detection = call.adopted.detection
    title = f"configure() in {call.place}, on {detection.runtime} ({detection.evidence})"
    if not call.changes:
        return _wrapped(f"{title}: nothing was changed") + "\n"
    names = {change.name for change in call.changes}
    lines = [_wrapped(f"{title}: {len(names)} settings were added or changed"), ""]
    for owner, changes in groupby(call.changes, key=lambda change: change.path[:-1]):
        if owner:
            lines += [SettingChange(owner, None, None, "").label, ""]
        for change in changes:
            lines += [*_block(change, _INDENT if owner else ""), ""]
    return "\n".join(lines)


def _block(change: SettingChange, indent: str) -> Iterator[str]:
    verb = "removed" if change.after is MISSING else "added" if change.before is MISSING else "changed"
    yield _wrapped(f"{change.path[-1]} {verb}: {change.reason}", indent, indent + _INDENT)
    if change.name == SETTING:
        return
    before, after = _shown(change.path[-1], change.before), _shown(change.path[-1], change.after)
    if _are_lists(before, after):
        for sign, items in (("-", _items_only_in(before, after)), ("+", _items_only_in(after, before))):
            yield from (f"{indent}{_INDENT}{sign} {item!r}" for item in items)
        return
    # Show an enum member as users write it in the variable.
    written = (str(value) if isinstance(value, StrEnum) else value for value in (before, after))
    values = (repr(value) for value in written if value is not MISSING)
    yield _wrapped(" -> ".join(values), indent + _INDENT, indent + 2 * _INDENT)


def _shown(name: str, value: Any) -> Any:
    """Return the value, or asterisks if Django's error pages would mask it too."""
    if value is MISSING or isinstance(value, bool) or (name in _PUBLIC and value == _PUBLIC[name]):
        return value
    shown = get_default_exception_reporter_filter().cleanse_setting(name, value)
    # Django wraps other objects, such as callables, for its own pages.
    return shown if isinstance(shown, Mapping | Sequence) else value


def _are_lists(before: Any, after: Any) -> bool:
    return isinstance(before, list | tuple) and isinstance(after, list | tuple)


def _items_only_in(items: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    return [item for item in items if item not in others]


def _wrapped(text: str, indent: str = "", further: str = _INDENT) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=indent, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
