"""The registry's lifecycle policy keeps the images that stages use, and expires the others."""

import pytest

from tests.deploy.templates.analysis.lifecycle import StoredImage, expired
from tests.deploy.templates.analysis.stacks import deploy

pytestmark = pytest.mark.profile_free

# Sixty pushes of a stage under development, numbered from 10.
PUSHES = [StoredImage(f"sha256:{number}", (f"id{number}",), number) for number in range(10, 70)]


def lifecycle_policy() -> str:
    (registry,) = deploy().of_type("AWS::ECR::Repository")
    return str(registry.properties["LifecyclePolicy"]["LifecyclePolicyText"])


def test_pushes_of_one_stage_do_not_expire_the_image_of_another():
    production = StoredImage("sha256:1", ("id1", "live-production-aws_lambda-1"), 1)

    assert expired(lifecycle_policy(), [production, *PUSHES]) == {f"sha256:{number}" for number in range(10, 20)}


def test_an_image_that_no_stage_uses_expires():
    former = StoredImage("sha256:1", ("id1",), 1)

    assert "sha256:1" in expired(lifecycle_policy(), [former, *PUSHES])
