"""`webapp doctor media` asks a bucket on moto's server."""

import os

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.sections.media_section import examine_media
from tests.integration.files.conftest import BUCKET
from tests.moto import REGION

ALL_BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
EXISTS = ("ok", f"the bucket pictures exists in {REGION}")
BLOCKED = ("ok", "it blocks public access")
POSTS = ("ok", "browsers may send uploads from https://shop.example")
EXPIRES = ("ok", "uploads below incoming/ expire after 1 day")


@pytest.fixture
def examined(bucket):
    """Configure the bucket as the templates do, and return a function that examines it."""
    configure_cors(bucket, "POST")
    configure_expiration(bucket, "incoming/")
    bucket.client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=ALL_BLOCKED)
    yield lambda **environ: [
        (finding.level, finding.text)
        for finding in examine_media(
            Examination({**os.environ, "WEBAPP_MEDIA_BUCKET": BUCKET, **environ}, offline=False)
        )
    ]
    bucket.client.delete_bucket_cors(Bucket=BUCKET)
    bucket.client.delete_bucket_lifecycle(Bucket=BUCKET)
    bucket.client.delete_public_access_block(Bucket=BUCKET)


def configure_cors(bucket, method):
    rule = {"AllowedMethods": [method], "AllowedOrigins": ["https://shop.example"]}
    bucket.client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


def configure_expiration(bucket, prefix, status="Enabled"):
    rule = {"ID": "incoming", "Status": status, "Filter": {"Prefix": prefix}, "Expiration": {"Days": 1}}
    bucket.client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})


def change_options(settings, **options):
    default = settings.STORAGES["default"]
    settings.STORAGES = settings.STORAGES | {"default": default | {"OPTIONS": default["OPTIONS"] | options}}


def test_a_bucket_as_the_templates_create_it(examined):
    assert examined() == [EXISTS, BLOCKED, POSTS, EXPIRES]


def test_a_new_bucket_lacks_what_uploads_need(examined, bucket):
    bucket.client.delete_bucket_cors(Bucket=BUCKET)
    bucket.client.delete_bucket_lifecycle(Bucket=BUCKET)
    bucket.client.delete_public_access_block(Bucket=BUCKET)

    assert examined() == [
        EXISTS,
        (
            "warning",
            "it does not block public access (BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, "
            "RestrictPublicBuckets), unless the account does",
        ),
        ("wrong", "its CORS rules do not allow POST, so browsers cannot send uploads"),
        ("warning", "no lifecycle rule deletes uploads below incoming/ that no form accepts"),
    ]


def test_a_cors_rule_for_reading_is_not_enough(examined, bucket):
    configure_cors(bucket, "GET")

    assert examined()[2] == ("wrong", "its CORS rules do not allow POST, so browsers cannot send uploads")


@pytest.mark.parametrize(
    ("prefix", "status", "level", "text"),
    [
        ("", "Enabled", "wrong", "the lifecycle rule of the prefix '' deletes accepted files too"),
        ("pictures/", "Enabled", "warning", "no lifecycle rule deletes uploads below incoming/ that no form accepts"),
        ("incoming/", "Disabled", "warning", "no lifecycle rule deletes uploads below incoming/ that no form accepts"),
        ("incoming", "Enabled", *EXPIRES),
    ],
)
def test_lifecycle_rules_of_other_prefixes(examined, bucket, prefix, status, level, text):
    configure_expiration(bucket, prefix, status)

    assert examined()[3] == (level, text)


def test_uploads_are_below_the_location_of_the_storage(examined, settings):
    change_options(settings, location="shop")

    assert examined()[3] == ("warning", "no lifecycle rule deletes uploads below shop/incoming/ that no form accepts")


def test_without_direct_uploads_browsers_need_nothing(examined, settings):
    settings.DJANGO_RUNTIMES = settings.DJANGO_RUNTIMES._replace(direct_uploads=False)

    assert examined()[2:] == [("skipped", "WEBAPP_DIRECT_UPLOADS is off, so browsers send nothing to the bucket")]


def test_a_bucket_of_the_settings_may_be_public(examined):
    assert examined(WEBAPP_MEDIA_BUCKET="") == [EXISTS, POSTS, EXPIRES]


@pytest.mark.parametrize(
    ("options", "level", "text"),
    [
        ({"bucket_name": "nobodys-bucket"}, "wrong", "the bucket nobodys-bucket does not exist"),
        (
            {"region_name": "eu-central-1"},
            "warning",
            "the bucket pictures is in eu-west-1, but the URLs are signed for eu-central-1, so no file can be read",
        ),
        ({"endpoint_url": "http://127.0.0.1:1"}, "wrong", "the bucket pictures could not be asked: Could not connect"),
    ],
)
def test_a_bucket_that_cannot_be_used(examined, settings, options, level, text):
    change_options(settings, **options)

    found = examined()[0]

    assert (found[0], found[1][: len(text)]) == (level, text)


def test_credentials_without_permissions(examined, monkeypatch):
    answer = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}

    def make_request(client, operation, *args):
        if operation.name in denied:
            raise ClientError(answer, operation.name)
        return send_request(client, operation, *args)

    send_request = BaseClient._make_request
    monkeypatch.setattr(BaseClient, "_make_request", make_request)
    denied = {"GetPublicAccessBlock", "GetBucketCors", "GetBucketLifecycleConfiguration"}
    found = examined()
    denied.add("HeadBucket")

    assert found == [
        EXISTS,
        ("skipped", "s3:GetBucketPublicAccessBlock was not answered: AccessDenied"),
        ("skipped", "s3:GetBucketCORS was not answered: AccessDenied"),
        ("skipped", "s3:GetLifecycleConfiguration was not answered: AccessDenied"),
    ]
    assert examined() == [("wrong", "the bucket pictures refuses these credentials (status 403)")]


def test_a_disk_is_no_bucket(examined, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}

    assert examined() == [("skipped", "WEBAPP_MEDIA_BUCKET is not set, and the default storage is no S3Storage")]


def test_a_name_that_is_no_buckets_is_unreadable(examined):
    assert examined(WEBAPP_MEDIA_BUCKET="s3://pictures")[0][0] == "unreadable"
