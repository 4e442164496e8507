"""AWS's own variables, which its tools read too."""

from django_runtimes.config.variables.kinds import Text

AWS_REGION = Text(
    "AWS_REGION",
    "Region of signed tokens, secrets and the bucket; set by Lambda, and by the templates elsewhere.",
    default_note="AWS_DEFAULT_REGION",
)
AWS_DEFAULT_REGION = Text("AWS_DEFAULT_REGION", "Region to use when AWS_REGION is not set.")
AWS_ENDPOINT_URL_S3 = Text("AWS_ENDPOINT_URL_S3", "Address of a server to use instead of S3.")
AWS_ENDPOINT_URL = Text("AWS_ENDPOINT_URL", "Address of a server to use instead of every AWS service.")
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = Text(
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "If `true`, boto3 ignores AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL. Any other value has no effect.",
)
AWS_PROFILE = Text("AWS_PROFILE", "Profile in AWS's configuration file, which may name the region.")
AWS_CONFIG_FILE = Text("AWS_CONFIG_FILE", "AWS's configuration file, which may name the region.")
