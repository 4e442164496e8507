"""Finds the stages in Zappa's settings, resolves what they extend, and gives them names that AWS accepts everywhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.stage_settings import LONGEST_STAGE, is_known_stage, production_key


@dataclass(frozen=True)
class ZappaStage:
    """A stage: its name in Zappa, its name in webapp.toml, and its settings with those that it extends."""

    zappa_name: str
    name: str
    settings: Mapping[str, Any]


def find_stages(
    settings: Mapping[str, Mapping[str, Any]], chosen: str | None = None
) -> tuple[list[ZappaStage], list[str]]:
    """Return the stages in the file's order, or only the chosen one, and remarks on them.

    A stage is chosen by its name in Zappa or in webapp.toml. Raise UsageError for one that does not exist, and for a
    wrong `extends`.
    """
    extended = {name: _extended(settings, name) for name in settings}
    stages: list[ZappaStage] = []
    remarks = []
    for name, content in extended.items():
        children = [other for other, table in settings.items() if table.get("extends") == name]
        if children and not _is_deployed(name, settings[name]) and chosen not in {name, _stage_name(name, [])}:
            remarks.append(
                f"{name}: its settings are in {', '.join(children)}, which extend it; add a stage to deploy it too, "
                f"or choose it alone with `webapp init --stage {name}`"
            )
            continue
        stage = ZappaStage(name, _stage_name(name, [each.name for each in stages]), content)
        if stage.name != name:
            remarks.append(f"{name}: becomes the stage {stage.name}; names have only lowercase letters and digits")
        if production_key(stage.name) and not is_known_stage(stage.name):
            remarks.append(
                f"{name}: is protected as production, with a standby; write production = false in "
                f"[stages.{stage.name}] if its data may be lost"
            )
        stages.append(stage)
    if chosen is None:
        return stages, remarks
    stages = [stage for stage in stages if chosen in {stage.zappa_name, stage.name}]
    if not stages:
        raise UsageError(f"--stage {chosen} is not a stage of Zappa's settings; choose from {', '.join(settings)}")
    return stages[:1], [remark for remark in remarks if remark.startswith(f"{stages[0].zappa_name}: ")]


def _is_deployed(name: str, table: Mapping[str, Any]) -> bool:
    """Return whether a stage that others extend is deployed itself: by its name, or by an address of its own."""
    return is_known_stage(name.lower()) or any(table.get(key) for key in ("domain", "certificate_arn"))


def _stage_name(name: str, taken: list[str]) -> str:
    """Return the name as webapp.toml accepts it, different from those of the other stages."""
    text = re.sub(r"[^a-z0-9]", "", name.lower()).lstrip("0123456789")[:LONGEST_STAGE] or "stage"
    number, candidate = 2, text
    while candidate in taken:
        candidate = f"{text[: LONGEST_STAGE - 3]}{number}"
        number += 1
    return candidate


def _extended(settings: Mapping[str, Mapping[str, Any]], name: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the settings with those of all parents; a null value counts as unset, as in Zappa."""
    content = {key: value for key, value in settings[name].items() if value is not None}
    parent = content.get("extends") or None
    if parent is None:
        return content
    if not isinstance(parent, str) or parent not in settings:
        raise UsageError(f"{name}: extends = {parent!r} is not a stage of this file; it has {', '.join(settings)}")
    if parent in (*seen, name):
        raise UsageError(
            f"{name}: extends = '{parent}' closes the circle {' > '.join((*seen, name, parent))}; remove one of them"
        )
    nulls = [key for key, value in settings[name].items() if value is None]
    inherited = _extended(settings, parent, (*seen, name))
    return {key: value for key, value in inherited.items() if key not in nulls} | content
