"""Implements ECR's operations: repositories, images and the login for pushing them."""

import base64
import json
from datetime import timedelta
from typing import Any

from tests.deploy.standin.errors import AwsError
from tests.deploy.standin.protocol import Call
from tests.deploy.standin.runtime.images import delete_image, images_of, set_tags
from tests.deploy.standin.services.registry import operation, page
from tests.deploy.standin.world import ACCOUNT, World, moment, now


@operation("ecr", "GetAuthorizationToken")
async def get_authorization_token(world: World, call: Call) -> dict[str, Any]:
    host = world.registry or f"{ACCOUNT}.dkr.ecr.{call.scope.region}.amazonaws.com"
    return {
        "authorizationData": [
            {
                "authorizationToken": base64.b64encode(b"AWS:standin").decode(),
                "expiresAt": moment(now()) + timedelta(hours=12),
                "proxyEndpoint": f"{'http' if world.registry else 'https'}://{host}",
            }
        ]
    }


@operation("ecr", "DescribeRepositories")
async def describe_repositories(world: World, call: Call) -> dict[str, Any]:
    wanted = call.parameters.get("repositoryNames")
    if wanted:
        found = [_repository(world, call, name) for name in wanted]
    else:
        found = world.state.all("repository", f"{call.scope.region}/")
    return {
        "repositories": [
            {
                "repositoryArn": repository["arn"],
                "registryId": ACCOUNT,
                "repositoryName": repository["name"],
                "repositoryUri": repository["uri"],
                "createdAt": moment(repository["created"]),
                "imageTagMutability": "IMMUTABLE",
            }
            for repository in found
        ]
    }


@operation("ecr", "DescribeImages")
async def describe_images(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["repositoryName"]
    images = await _images(world, call)
    wanted = call.parameters.get("imageIds")
    if wanted:
        images = [_find(images, image_id, name) for image_id in wanted]
    found, following = page(images, call.parameters, 100, token="nextToken")
    answer: dict[str, Any] = {
        "imageDetails": [
            {
                "registryId": ACCOUNT,
                "repositoryName": name,
                "imageDigest": image["digest"],
                "imageTags": image["tags"],
                "imageSizeInBytes": image["size_bytes"],
                "imagePushedAt": moment(image["pushed"]),
                "imageManifestMediaType": image["media_type"],
            }
            for image in found
        ]
    }
    return answer if following is None else {**answer, "nextToken": following}


@operation("ecr", "ListImages")
async def list_images(world: World, call: Call) -> dict[str, Any]:
    images = await _images(world, call)
    return {
        "imageIds": [{"imageDigest": image["digest"], "imageTag": tag} for image in images for tag in image["tags"]]
    }


@operation("ecr", "BatchGetImage")
async def batch_get_image(world: World, call: Call) -> dict[str, Any]:
    """Return the images with made-up manifests, which `PutImage` recognizes."""
    name = call.parameters["repositoryName"]
    digests = {image_id["imageDigest"] for image_id in call.parameters["imageIds"]}
    return {
        "images": [
            {
                "registryId": ACCOUNT,
                "repositoryName": name,
                "imageId": {"imageDigest": image["digest"]},
                "imageManifest": _manifest(image),
                "imageManifestMediaType": image["media_type"],
            }
            for image in await _images(world, call)
            if image["digest"] in digests
        ],
        "failures": [],
    }


@operation("ecr", "PutImage")
async def put_image_tag(world: World, call: Call) -> dict[str, Any]:
    """Give a tag to an image that the repository has already."""
    name, tag = call.parameters["repositoryName"], call.parameters["imageTag"]
    images = await _images(world, call)
    image = next(image for image in images if _manifest(image) == call.parameters["imageManifest"])
    if tag in image["tags"]:
        raise AwsError("ImageAlreadyExistsException", f"Image with tag '{tag}' already exists in '{name}'")
    if any(tag in other["tags"] for other in images):
        raise AwsError("ImageTagAlreadyExistsException", f"The image tag '{tag}' is immutable")
    set_tags(world.state, name, image["digest"], [*image["tags"], tag])
    return {"image": {"repositoryName": name, "imageId": {"imageDigest": image["digest"], "imageTag": tag}}}


@operation("ecr", "BatchDeleteImage")
async def batch_delete_image(world: World, call: Call) -> dict[str, Any]:
    name = call.parameters["repositoryName"]
    images = await _images(world, call)
    removed: list[dict[str, str]] = []
    failures = []
    for image_id in call.parameters["imageIds"]:
        try:
            image = _find(images, image_id, name)
        except AwsError:
            failures.append(
                {"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
            )
            continue
        kept = [tag for tag in image["tags"] if tag != image_id.get("imageTag")]
        if "imageTag" in image_id and kept:
            image["tags"] = kept
            set_tags(world.state, name, image["digest"], kept)
        else:
            delete_image(world.state, name, image["digest"])
        removed.append({**image_id, "imageDigest": image["digest"]})
    return {"imageIds": removed, "failures": failures}


def _manifest(image: dict[str, Any]) -> str:
    return json.dumps({"schemaVersion": 2, "digest": image["digest"]})


async def _images(world: World, call: Call) -> list[dict[str, Any]]:
    repository = _repository(world, call, call.parameters["repositoryName"])
    return await images_of(world.state, world.registry, repository["name"])


def _repository(world: World, call: Call, name: str) -> dict[str, Any]:
    found = world.state.get("repository", f"{call.scope.region}/{name}")
    if found is None:
        raise AwsError(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'",
        )
    return found


def _find(images: list[dict[str, Any]], image_id: dict[str, str], repository: str) -> dict[str, Any]:
    for image in images:
        if image_id.get("imageDigest", image["digest"]) == image["digest"] and (
            "imageTag" not in image_id or image_id["imageTag"] in image["tags"]
        ):
            return image
    raise AwsError(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{image_id.get('imageDigest', 'null')}', "
        f"imageTag:'{image_id.get('imageTag', 'null')}'}} does not exist within the repository with name "
        f"'{repository}' in the registry with id '{ACCOUNT}'",
    )
