"""Variables of uploaded and static files."""

from django_runtimes.config.variables.kinds import Flag, Text

MEDIA_BUCKET = Text(
    "WEBAPP_MEDIA_BUCKET",
    "S3 bucket for uploaded files, in the region of AWS_REGION. It becomes the default storage; without a bucket the "
    "settings' own storage is used.",
)
MEDIA_ROOT = Text(
    "WEBAPP_MEDIA_ROOT",
    "Directory for uploaded files when there is no bucket.",
    default_note="MEDIA_ROOT of the settings",
)
STATIC_ROOT = Text(
    "WEBAPP_STATIC_ROOT",
    "Directory that collectstatic writes to and that static files are served from.",
    default_note="STATIC_ROOT of the settings, else build/static in the working directory",
)
STATIC_MANIFEST = Flag(
    "WEBAPP_STATIC_MANIFEST",
    "If 0, Django's StaticFilesStorage replaces the storage of static files, for tests without collectstatic.",
    default_note="the settings' own storage",
)
