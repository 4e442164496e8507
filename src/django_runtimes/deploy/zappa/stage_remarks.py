"""Groups the remarks on several stages, so that each is printed once."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class StageRemark:
    """A remark on a stage of Zappa, which has another name in webapp.toml if its own is not valid there."""

    zappa_name: str
    name: str
    text: str

    @property
    def general_text(self) -> str:
        """The text with STAGE in place of the stage's name."""
        return self.text.replace(f"[stages.{self.name}.", "[stages.STAGE.").replace(
            f"--stage {self.name}`", "--stage STAGE`"
        )


def group_remarks(remarks: Sequence[StageRemark]) -> list[str]:
    """Return one line for all remarks that differ only in their stage, in the order of the first ones."""
    groups: dict[str, list[StageRemark]] = {}
    for remark in remarks:
        groups.setdefault(remark.general_text, []).append(remark)
    lines = []
    for general_text, group in groups.items():
        names = list(dict.fromkeys(remark.zappa_name for remark in group))
        lines.append(f"{', '.join(names)}: {general_text if len(names) > 1 else group[0].text}")
    return lines
