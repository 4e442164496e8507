import base64
import hashlib
import json
import urllib.request
from urllib.parse import urljoin

import pytest
from botocore.exceptions import ClientError

from tests.deploy.standin.standin import standin
from tests.deploy.standin_tests.small_stacks import (
    LOG,
    REPOSITORY,
    apply,
    delete,
    operations_function,
    reason,
    template,
)

pytestmark = [pytest.mark.profile_free, pytest.mark.needs("docker-registry")]

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with standin(tmp_path_factory.mktemp("aws"), registry=True) as running:
        yield running


@pytest.fixture(scope="module")
def repository_uri(aws):
    body = template(
        {"Repository": REPOSITORY}, outputs={"Uri": {"Value": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}}}
    )
    (output,) = apply(aws.client("cloudformation"), "pushed", body)["Outputs"]
    return output["OutputValue"]


def _send(method: str, url: str, body: bytes, kind: str):
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(request) as response:
        return response.headers


def _push(aws, repository_uri: str, tag: str) -> str:
    """Push an image with one layer as `docker push` does, and return its digest."""
    login = aws.client("ecr").get_authorization_token()["authorizationData"][0]
    assert base64.b64decode(login["authorizationToken"]).startswith(b"AWS:")
    base = f"{login['proxyEndpoint']}/v2/{repository_uri.partition('/')[2]}"
    blobs = []
    for blob in (json.dumps({"tag": tag}).encode(), b"layer"):
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        place = urljoin(base, _send("POST", f"{base}/blobs/uploads/", b"", "application/octet-stream")["Location"])
        _send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", blob, "application/octet-stream")
        blobs.append({"mediaType": "application/octet-stream", "size": len(blob), "digest": digest})
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": blobs[0], "layers": blobs[1:]}
    return str(
        _send("PUT", f"{base}/manifests/{tag}", json.dumps(manifest).encode(), _MANIFEST)["Docker-Content-Digest"]
    )


def test_a_pushed_image_is_found_by_its_tag_and_its_digest(aws, repository_uri):
    digest = _push(aws, repository_uri, "v1")

    ecr = aws.client("ecr")
    (by_tag,) = ecr.describe_images(repositoryName="pushed", imageIds=[{"imageTag": "v1"}])["imageDetails"]
    (by_digest,) = ecr.describe_images(repositoryName="pushed", imageIds=[{"imageDigest": digest}])["imageDetails"]
    assert by_tag == by_digest
    assert (by_tag["imageDigest"], by_tag["imageManifestMediaType"]) == (digest, _MANIFEST)


def test_an_unknown_digest_is_not_found(aws, repository_uri):
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        aws.client("ecr").describe_images(repositoryName="pushed", imageIds=[{"imageDigest": f"sha256:{'0' * 64}"}])


def test_a_pushed_image_runs_this_checkout(aws, repository_uri):
    uri = f"{repository_uri}@{_push(aws, repository_uri, 'v2')}"
    body = template({"Log": LOG, "Function": operations_function(uri, "check")})
    apply(aws.client("cloudformation"), "running", body)

    answer = aws.client("lambda").invoke(FunctionName="running", Payload=b'{"command": ["check"]}')

    assert json.loads(answer["Payload"].read())["exit_code"] == 0


def test_a_repository_with_images_cannot_be_deleted(aws, repository_uri):
    _push(aws, repository_uri, "v3")
    cloudformation = aws.client("cloudformation")

    assert delete(cloudformation, "pushed")["StackStatus"] == "DELETE_FAILED"
    assert "still contains images" in reason(cloudformation, "pushed", "Repository", "DELETE_FAILED")
