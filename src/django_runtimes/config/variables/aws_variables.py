"""AWS's own variables, which its tools read too."""

from django_runtimes.config.variables.kinds import Text

AWS_REGION = Text(
    "AWS_REGION",
    "Region of signed tokens, secrets and the bucket; set by Lambda, and by the templates elsewhere.",
    default_note="AWS_DEFAULT_REGION",
)
AWS_DEFAULT_REGION = Text("AWS_DEFAULT_REGION", "Region to use when AWS_REGION is not set.")
AWS_ENDPOINT_URL_S3 = Text("AWS_ENDPOINT_URL_S3", "Address of a server to use instead of S3.")
AWS_ENDPOINT_URL_DYNAMODB = Text("AWS_ENDPOINT_URL_DYNAMODB", "Address of a server to use instead of DynamoDB.")
AWS_ENDPOINT_URL_RDS_DATA = Text(
    "AWS_ENDPOINT_URL_RDS_DATA", "Address of a server to use instead of the Data API of Aurora."
)
AWS_ENDPOINT_URL_SECRETS_MANAGER = Text(
    "AWS_ENDPOINT_URL_SECRETS_MANAGER", "Address of a server to use instead of Secrets Manager."
)
AWS_ENDPOINT_URL_SSM = Text("AWS_ENDPOINT_URL_SSM", "Address of a server to use instead of Parameter Store.")
AWS_ENDPOINT_URL_SESV2 = Text("AWS_ENDPOINT_URL_SESV2", "Address of a server to use instead of SES.")
AWS_ENDPOINT_URL_STS = Text("AWS_ENDPOINT_URL_STS", "Address of a server to use instead of STS, for a web identity.")
AWS_ENDPOINT_URL = Text("AWS_ENDPOINT_URL", "Address of a server to use instead of every AWS service.")
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = Text(
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "If `true`, the variables AWS_ENDPOINT_URL… and the endpoints of AWS's files have no effect. "
    "Any other value means false.",
)
AWS_PROFILE = Text("AWS_PROFILE", "Profile in AWS's files, which may have the credentials, the region and endpoints.")
AWS_DEFAULT_PROFILE = Text("AWS_DEFAULT_PROFILE", "Profile to use instead of AWS_PROFILE, as boto3 does.")
AWS_S3_SESSION_PROFILE = Text(
    "AWS_S3_SESSION_PROFILE",
    "Profile that django-storages uses instead of AWS_PROFILE.",
    default_note="the setting of the same name",
)
AWS_CONFIG_FILE = Text(
    "AWS_CONFIG_FILE",
    "AWS's configuration file, which may name the region and endpoints.",
    default_note="`~/.aws/config`",
)
AWS_SHARED_CREDENTIALS_FILE = Text(
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS's file of credentials, whose profiles may name endpoints too.",
    default_note="`~/.aws/credentials`",
)
