"""A stage gets a distribution once its running image's files are in the bucket, and in regions that offer one."""

from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.deploy.preflight.checks.region_check import REGION
from django_runtimes.deploy.preflight.checks.static_storage_check import STATIC_STORAGE
from django_runtimes.deploy.steps.refusals.fixed_parameters import refuse_fixed_changes
from tests.deploy.preflight.conftest import shown
from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import LOG, apply, template

pytestmark = pytest.mark.profile_free


def create(aws: StandIn, stack: str, **parameters: str) -> None:
    declared = {name: {"Type": "String"} for name in parameters}
    apply(aws.client("cloudformation"), f"guestbook-{stack}", template({"Log": LOG}, Parameters=declared), **parameters)


@pytest.mark.parametrize(("stage", "before"), [("old", {}), ("image", {"StaticFiles": "image"})])
def test_the_running_images_files_must_be_in_the_bucket_before(stage: str, before: dict[str, str], aws: StandIn, plan):
    create(aws, f"{stage}-storage", **before)
    refuse_fixed_changes(plan(stage=stage, StaticFiles="cloudfront").context)
    create(aws, f"{stage}-lambda", ImageUri="guestbook@sha256:1", **before)

    refuse_fixed_changes(plan(stage=stage, StaticFiles="bucket").context)
    with pytest.raises(UsageError) as caught:
        refuse_fixed_changes(plan(stage=stage, StaticFiles="cloudfront").context)

    assert str(caught.value) == (
        f"StaticFiles of guestbook, {stage}, is 'image' and cannot become 'cloudfront' yet, since a failed deploy "
        "would roll back to the running image, whose files are in no bucket; set it to 'bucket' in webapp.toml, "
        "deploy, and then set it to 'cloudfront'"
    )


def test_a_stage_with_a_bucket_may_get_a_distribution_and_leave_it(aws: StandIn, plan):
    create(aws, "bucket-storage", StaticFiles="bucket")
    create(aws, "bucket-lambda", ImageUri="guestbook@sha256:1", StaticFiles="bucket")
    create(aws, "cdn-storage", StaticFiles="cloudfront")

    refuse_fixed_changes(plan(stage="bucket", StaticFiles="cloudfront").context)
    for static_files in ("bucket", "image"):
        refuse_fixed_changes(plan(stage="cdn", StaticFiles=static_files).context)


def test_a_bucket_to_which_nothing_was_published_does_not_count(aws: StandIn, plan):
    create(aws, "failed-storage", StaticFiles="bucket")
    create(aws, "failed-lambda", ImageUri="guestbook@sha256:1", StaticFiles="image")

    with pytest.raises(UsageError, match="cannot become 'cloudfront' yet"):
        refuse_fixed_changes(plan(stage="failed", StaticFiles="cloudfront").context)


@pytest.fixture
def default_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are an adopted project's with Django's own storage of static files, and need a secret."""
    (tmp_path / "shop_settings.py").write_text(
        "import os\n"
        "INSTALLED_APPS = ['django.contrib.staticfiles']\n"
        "KEY = os.environ['SHOP_KEY']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
        "from django_runtimes import configure\n"
        "configure(globals())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop_settings")


SECRETS = {"secrets": {"SHOP_KEY": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-key-AbCdEf"}}


@pytest.mark.usefixtures("default_storage")
def test_a_deploy_publishes_no_names_without_hashes(plan):
    commented = "# ENV WEBAPP_STATIC_MANIFEST=1\nARG WEBAPP_STATIC_MANIFEST="
    stage = plan(StaticFiles="bucket", dockerfile=commented, tables=SECRETS)

    assert shown(stage, STATIC_STORAGE) == [
        (
            "bad",
            "StaticFiles = 'bucket' needs static files whose names have hashes, but the storage in shop_settings gives "
            "them none",
            "set WEBAPP_STATIC_MANIFEST=1 in the Dockerfile (`webapp docs static-files`), or StaticFiles to 'image' in "
            "webapp.toml",
        )
    ]
    by_argument = replace(stage, build_arguments=("--build-arg", "WEBAPP_STATIC_MANIFEST=1"))
    in_file = plan(StaticFiles="cloudfront", dockerfile="ARG WEBAPP_STATIC_MANIFEST=1", tables=SECRETS)
    for hashed in (by_argument, in_file):
        assert [answer[0] for answer in shown(hashed, STATIC_STORAGE)] == ["good"]
    assert shown(plan(), STATIC_STORAGE) == []


def test_settings_that_do_not_load_here_stop_no_deploy(ask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")

    assert ask(STATIC_STORAGE, StaticFiles="bucket") == [
        (
            "unknown",
            "the storage of static files could not be asked: no settings module is named; set settings in "
            "[tool.webapp] of pyproject.toml, or DJANGO_SETTINGS_MODULE",
            "",
        )
    ]


def test_a_region_without_cloudfront(aws: StandIn, ask):
    aws.account(missing_types=["AWS::CloudFront::OriginAccessControl"])

    assert [answer[0] for answer in ask(REGION)] == ["good"]
    assert ask(REGION, StaticFiles="cloudfront")[0] == (
        "bad",
        "us-east-1 has no AWS::CloudFront::OriginAccessControl, which the stack 'distribution' needs",
        "set StaticFiles to another value, or another region in webapp.toml",
    )
