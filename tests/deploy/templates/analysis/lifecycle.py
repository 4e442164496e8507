"""Applies a registry's lifecycle policy to images, as ECR does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class StoredImage:
    """An image of a registry; a larger `pushed` is more recent."""

    digest: str
    tags: tuple[str, ...]
    pushed: int


def expired(policy: str, images: Sequence[StoredImage]) -> set[str]:
    """Return the digests of the images that expire; a rule never applies to an image that an earlier one selects."""
    left = sorted(images, key=lambda image: image.pushed, reverse=True)
    found: set[str] = set()
    for rule in sorted(json.loads(policy)["rules"], key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        assert (selection["countType"], rule["action"]) == ("imageCountMoreThan", {"type": "expire"})
        selected = [image for image in left if _is_selected(selection, image)]
        found |= {image.digest for image in selected[selection["countNumber"] :]}
        left = [image for image in left if image not in selected]
    return found


def _is_selected(selection: dict[str, object], image: StoredImage) -> bool:
    prefixes = selection.get("tagPrefixList", [""])
    assert isinstance(prefixes, list)
    return selection["tagStatus"] == "any" or any(tag.startswith(prefix) for tag in image.tags for prefix in prefixes)
