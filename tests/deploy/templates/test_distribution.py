"""Static files from CloudFront: the bucket stays private, and its distribution serves nothing else."""

import pytest

from tests.deploy.templates.analysis.stacks import deploy
from tests.deploy.templates.analysis.statements import ACCOUNT

pytestmark = pytest.mark.profile_free

DISTRIBUTION = "foundation/distribution.yaml"


@pytest.mark.parametrize("static_files", ["bucket", "cloudfront"])
def test_only_cloudfront_reads_the_bucket_of_static_files(static_files: str):
    storage = "foundation/storage.yaml"
    assert "StaticBucket" not in deploy().stacks[storage].resources

    stack = deploy(StaticFiles=static_files).stacks[storage]

    statements = stack.resources["StaticBucketPolicy"].properties["PolicyDocument"]["Statement"]
    (allowed,) = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/*"},
    }


def test_the_distribution_serves_the_bucket_by_https_only():
    deployment = deploy(StaticFiles="cloudfront")
    access = deployment.named(DISTRIBUTION, "BucketAccess").properties["OriginAccessControlConfig"]
    content = deployment.named(DISTRIBUTION, "Distribution").properties["DistributionConfig"]
    (origin,) = content["Origins"]
    bucket = deployment.exported("static-bucket")

    assert access["OriginAccessControlOriginType"] == "s3"
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    assert origin["DomainName"] == f"{bucket}.s3.us-east-1.amazonaws.com"
    assert origin["OriginAccessControlId"] == f"{DISTRIBUTION}:BucketAccess.Id"
    assert content["DefaultCacheBehavior"] == {
        "TargetOriginId": origin["Id"],
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": ["GET", "HEAD"],
        "Compress": True,
        # AWS's ids of CachingOptimized and CORS-and-SecurityHeadersPolicy.
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "ResponseHeadersPolicyId": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    }


def test_every_stage_has_an_access_control_of_its_own():
    """Names are unique in the account across regions, and a stack's id occurs once."""
    access = deploy(StaticFiles="cloudfront").named(DISTRIBUTION, "BucketAccess").properties

    name = access["OriginAccessControlConfig"]["Name"]

    assert name == "static-51af3dc0-da77-11e4-872e-1234567db123"
    assert len(name) <= 64
