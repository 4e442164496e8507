"""Variables of AWS's own, which its tools read too."""

from django_runtimes.config.variables.kinds import Text

AWS_REGION = Text(
    "AWS_REGION",
    "The region that tokens are signed for, secrets are read in and the bucket is in; set by Lambda, elsewhere by the "
    "templates.",
    default_note="AWS_DEFAULT_REGION",
)
AWS_DEFAULT_REGION = Text("AWS_DEFAULT_REGION", "The region where AWS_REGION is not set.")
AWS_ENDPOINT_URL_S3 = Text("AWS_ENDPOINT_URL_S3", "The address of a server that stands in for S3.")
AWS_ENDPOINT_URL = Text("AWS_ENDPOINT_URL", "The same for all of AWS's services.")
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = Text(
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "`true` makes boto3 ignore both addresses; every other value is false."
)
AWS_PROFILE = Text("AWS_PROFILE", "A profile of its configuration file, which may name the region.")
AWS_CONFIG_FILE = Text("AWS_CONFIG_FILE", "Its configuration file, which may name the region.")
