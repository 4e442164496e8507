"""WEBAPP_DIRECT_UPLOADS needs a bucket of django-storages' own class, and changes nothing without one."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from tests.unit.adopt.projects import decisions_for, ready_project

ON = {"WEBAPP_DIRECT_UPLOADS": "1", "AWS_REGION": "eu-west-1"}
BUCKET = {"WEBAPP_MEDIA_BUCKET": "pictures"}
DIRECT = "django_runtimes.files.s3_upload_storage.S3UploadStorage"


def storages_of(backend):
    return {
        "default": {"BACKEND": backend, "OPTIONS": {"bucket_name": "own"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def test_a_bucket_takes_uploads_from_browsers():
    decided = decisions_for(ready_project(), **ON, **BUCKET)

    assert decided.settings["STORAGES"]["default"] == {
        "BACKEND": DIRECT,
        "OPTIONS": {"bucket_name": "pictures", "file_overwrite": False},
    }
    assert decided.adopted.direct_uploads
    assert decided.adopted.keeps_media


def test_the_projects_own_bucket_takes_them_too():
    decided = decisions_for(ready_project(STORAGES=storages_of("storages.backends.s3.S3Storage")), **ON)

    assert decided.settings["STORAGES"]["default"] == {"BACKEND": DIRECT, "OPTIONS": {"bucket_name": "own"}}


@pytest.mark.parametrize(
    "backend", ["django.core.files.storage.FileSystemStorage", "storages.backends.azure_storage.AzureStorage"]
)
def test_other_storages_do_not(backend):
    decided = decisions_for(ready_project(STORAGES=storages_of(backend)), **ON)

    assert "STORAGES" not in decided.settings
    assert not decided.adopted.direct_uploads


def test_an_access_point_does_not():
    arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/pictures"

    with pytest.raises(ConfigurationError) as caught:
        decisions_for(ready_project(), **ON, WEBAPP_MEDIA_BUCKET=arn)

    assert str(caught.value) == (
        "WEBAPP_DIRECT_UPLOADS=1 needs the name of a bucket, and the uploads are in the access point "
        f"'{arn}', to which boto3 lets no browser send a file; set WEBAPP_MEDIA_BUCKET to its bucket, or "
        "WEBAPP_DIRECT_UPLOADS=0"
    )


def test_a_bucket_alone_does_not():
    decided = decisions_for(ready_project(), AWS_REGION="eu-west-1", **BUCKET)

    assert decided.settings["STORAGES"]["default"]["BACKEND"] == "storages.backends.s3.S3Storage"
    assert not decided.adopted.direct_uploads
