"""`webapp publish_static`: copies the static files to the bucket of WEBAPP_STATIC_BUCKET."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.region import aws_region
from django_runtimes.config.variables.file_variables import STATIC_BUCKET
from django_runtimes.extras import require_extra

# The remedies by a part of the error's text, since boto3 wraps errors of uploads in one without a code.
_REMEDIES = {
    "(NoSuchBucket)": f"create the bucket, or correct {STATIC_BUCKET.name}",
    "(AccessDenied)": "grant s3:ListBucket on the bucket and s3:PutObject on its objects",
    "(PermanentRedirect)": "set AWS_REGION to the bucket's region",
    "(ExpiredToken)": "renew the credentials",
    "Unable to locate credentials": "give the process a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}


class Command(BaseCommand):
    help = (
        "Copies the files that collectstatic has written to the bucket of WEBAPP_STATIC_BUCKET. `webapp deploy` "
        "runs it for the bucket of a stage. Files of former versions remain, for open pages and for a rollback."
    )
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        environment = Environment(os.environ)
        bucket = environment[STATIC_BUCKET]
        if bucket is None:
            raise CommandError(f"{STATIC_BUCKET.name} is not set; set it to the bucket of the static files")
        try:
            require_extra("s3", f"{STATIC_BUCKET.name}={bucket!r}")
            from boto3.exceptions import S3UploadFailedError
            from botocore.exceptions import BotoCoreError, ClientError

            from django_runtimes.files.static_publication import publish

            published = publish(bucket, aws_region(environment))
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            text = str(error).rstrip(".")
            remedy = next((found for part, found in _REMEDIES.items() if part in text), "run the command again")
            raise CommandError(f"cannot publish to the bucket {bucket!r}: {text}; {remedy}") from None
        self.stdout.write(f"{published.copied} static files copied to {bucket}, {published.present} were there")
