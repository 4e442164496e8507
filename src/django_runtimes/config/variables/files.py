"""Variables of uploaded and static files."""

from django_runtimes.config.variables.kinds import Text

MEDIA_BUCKET = Text(
    "WEBAPP_MEDIA_BUCKET",
    "S3 bucket for uploaded pictures, in the region of AWS_REGION. Without it they are kept under local and "
    "switched off elsewhere.",
)
MEDIA_ROOT = Text(
    "WEBAPP_MEDIA_ROOT",
    "Directory for uploaded pictures where there is no bucket; local only.",
    default_note="media in the working directory",
)
STATIC_ROOT = Text(
    "WEBAPP_STATIC_ROOT",
    "Directory that collectstatic writes to and static files are served from.",
    default_note="build/static in the working directory",
)
