"""Finds images in ECR, and gets the login for pushing to it."""

import base64
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.aws_api import Aws, error_code

# The media types of indexes, which list manifests of several platforms or attestations; Lambda refuses them.
_INDEXES = {
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
}
_MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    *sorted(_INDEXES),
]
# Lambda's limit, uncompressed.
_LARGEST_BYTES = 10 * 1024**3
_SHOWN = 5


@dataclass(frozen=True)
class RegistryLogin:
    """A login for docker or podman, valid for twelve hours."""

    user: str
    password: str
    registry: str


class Images:
    """The images of one repository."""

    def __init__(self, aws: Aws, repository: str) -> None:
        self._client = aws.client("ecr")
        self._region = aws.region
        self._repository = repository

    def login(self) -> RegistryLogin:
        """Return a login for the whole registry."""
        answer = self._client.get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
        return RegistryLogin(user, password, answer["proxyEndpoint"].removeprefix("https://").removeprefix("http://"))

    def digest_of(self, tag: str) -> str | None:
        """Return the digest of the image with this tag, or None; raise ToolError for an image that Lambda refuses."""
        found = self._find(imageTag=tag)
        if found is None:
            return None
        _refuse_unusable(found)
        digest: str = found["imageDigest"]
        return digest

    def require(self, digest: str) -> None:
        """Raise ToolError if the repository has no image with this digest, or if Lambda refuses the image."""
        found = self._find(imageDigest=digest)
        if found is not None:
            return _refuse_unusable(found)
        kept = ", ".join(self.newest()) or "none"
        raise ToolError(
            f"{digest} is not, or no longer, an image in the repository '{self._repository}'; the newest are {kept}"
        )

    def newest(self) -> list[str]:
        """Return the digests of the newest images, newest first."""
        images = list(self._every())
        images.sort(key=lambda image: image["imagePushedAt"], reverse=True)
        return [image["imageDigest"] for image in images[:_SHOWN]]

    def tag(self, digest: str, tag: str) -> None:
        """Give the image one more tag; raise ToolError if the repository does not have the image."""
        asked = {"repositoryName": self._repository, "imageIds": [{"imageDigest": digest}]}
        found = self._client.batch_get_image(**asked, acceptedMediaTypes=_MANIFESTS)["images"]
        if not found:
            self.require(digest)
            raise ToolError(f"ECR has the image {digest} in no format that can be tagged; build it again")
        try:
            self._client.put_image(
                repositoryName=self._repository,
                imageManifest=found[0]["imageManifest"],
                imageManifestMediaType=found[0]["imageManifestMediaType"],
                imageTag=tag,
            )
        except ClientError as error:
            if error_code(error) != "ImageAlreadyExistsException":
                raise

    def untag(self, prefix: str, *, except_digests: Set[str]) -> None:
        """Remove the tags with the prefix from all images but these; an image always keeps its last tag."""
        for image in self._every():
            tags = image.get("imageTags", [])
            removed = [tag for tag in tags if tag.startswith(prefix)]
            # ECR deletes an image with its last tag.
            if removed and image["imageDigest"] not in except_digests and len(removed) < len(tags):
                ids = [{"imageTag": tag} for tag in removed]
                self._client.batch_delete_image(repositoryName=self._repository, imageIds=ids)

    def _every(self) -> Iterator[Mapping[str, Any]]:
        pages = self._client.get_paginator("describe_images").paginate(repositoryName=self._repository)
        return (image for page in pages for image in page["imageDetails"])

    def _find(self, **image_id: str) -> Mapping[str, Any] | None:
        try:
            answer = self._client.describe_images(repositoryName=self._repository, imageIds=[image_id])
        except ClientError as error:
            if error_code(error) == "ImageNotFoundException":
                return None
            if error_code(error) == "RepositoryNotFoundException":
                raise ToolError(
                    f"there is no repository '{self._repository}' in {self._region}; the first `webapp deploy` there "
                    "creates it, and builds its own image"
                ) from None
            raise
        found: Mapping[str, Any] = answer["imageDetails"][0]
        return found


def refuse_too_large(size_bytes: int) -> None:
    """Raise ToolError for an image above Lambda's limit; it applies to every target, since operations run on Lambda."""
    if size_bytes > _LARGEST_BYTES:
        raise ToolError(
            f"the image is {size_bytes / 1024**3:.1f} GB, but Lambda, which runs the management commands of every "
            f"target, accepts at most {_LARGEST_BYTES / 1024**3:.0f} GB; exclude unneeded files (.dockerignore, "
            "requirements)"
        )


def _refuse_unusable(image: Mapping[str, Any]) -> None:
    if image.get("imageManifestMediaType") in _INDEXES:
        raise ToolError(
            f"the image {image['imageDigest']} is an index of several manifests, which Lambda refuses; build it for "
            "one platform and without attestations: `docker build --provenance=false --sbom=false`"
        )
    # ECR states the compressed size. An image that exceeds the limit even compressed is certainly too large.
    refuse_too_large(image["imageSizeInBytes"])
