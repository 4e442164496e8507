"""Stores the images that tests push to a registry or add directly, and the contents of each."""

import hashlib
import json
import secrets
from typing import Any

import aiohttp

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.state import State
from tests.deploy.standin.world import now

_KIND, _CONTENTS = "image", "image contents"
_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)


def put_image(state: State, image: dict[str, Any]) -> str:
    """Add an image directly, without a registry, and return its digest."""
    digest = f"sha256:{hashlib.sha256(secrets.token_bytes(32)).hexdigest()}"
    for other in state.all(_KIND, f"{image['repository']}/"):
        if image["tag"] in other["tags"]:
            raise AwsError("ImageTagAlreadyExistsException", f"The image tag '{image['tag']}' is immutable")
    state.put(
        _KIND,
        f"{image['repository']}/{digest}",
        {
            "repository": image["repository"],
            "digest": digest,
            "tags": [image["tag"]],
            "size_bytes": image["size_bytes"],
            "media_type": image["media_type"],
            "pushed": now(),
        },
    )
    describe_image(state, digest, image["variables"], image["python_path"])
    return digest


def describe_image(state: State, digest: str, variables: dict[str, str], python_path: str | None) -> None:
    """Store an image's contents: its variables and its extra Python path."""
    state.put(_CONTENTS, digest, {"variables": variables, "python_path": python_path})


def contents(state: State, image_uri: str) -> dict[str, Any]:
    """Return an image's contents: `variables` override the stack's, `python_path` precedes the checkout."""
    found = state.get(_CONTENTS, image_uri.rpartition("@")[2])
    return found or {"variables": {}, "python_path": None}


async def images_of(state: State, registry: str | None, repository: str) -> list[dict[str, Any]]:
    """Return all images of a repository, including the registry's, oldest first."""
    if registry is not None:
        await _read_registry(state, registry, repository)
    return sorted(state.all(_KIND, f"{repository}/"), key=lambda image: float(image["pushed"]))


def set_tags(state: State, repository: str, digest: str, tags: list[str]) -> None:
    key = f"{repository}/{digest}"
    state.put(_KIND, key, {**state.get(_KIND, key), "tags": tags})


def delete_image(state: State, repository: str, digest: str) -> None:
    state.delete(_KIND, f"{repository}/{digest}")


async def find_by_uri(state: State, registry: str | None, image_uri: str) -> dict[str, Any] | None:
    """Return the image with the URI registry/name@sha256:…, or None."""
    name, _, digest = image_uri.partition("@")
    repository = name.partition("/")[2]
    return next((image for image in await images_of(state, registry, repository) if image["digest"] == digest), None)


async def _read_registry(state: State, registry: str, repository: str) -> None:
    base = f"http://{registry}/v2/{repository}"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/tags/list") as response:
            if response.status != 200:
                return
            tags = (await response.json()).get("tags") or []
        for tag in tags:
            async with session.get(f"{base}/manifests/{tag}", headers={"Accept": ", ".join(_MANIFESTS)}) as response:
                if response.status != 200:
                    continue
                body = await response.read()
                digest, media_type = response.headers["Docker-Content-Digest"], response.content_type
            key = f"{repository}/{digest}"
            known = state.get(_KIND, key)
            size = sum(layer["size"] for layer in json.loads(body).get("layers", []))
            image = known or {
                "repository": repository,
                "digest": digest,
                "tags": [],
                "size_bytes": size,
                "media_type": media_type,
                "pushed": now(),
            }
            if tag not in image["tags"]:
                state.put(_KIND, key, {**image, "tags": [*image["tags"], tag]})
