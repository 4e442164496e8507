"""The settings module that Zappa's command line would generate for this application, with its defaults."""

DJANGO_SETTINGS: str | None = "benchmarks.application.settings"
API_STAGE = "$default"
PROJECT_NAME = "reference"
DEBUG = False
# None keeps the application's own log levels, so that access logs are off, as for every contender.
LOG_LEVEL = None
BINARY_SUPPORT = True
CONTEXT_HEADER_MAPPINGS: dict[str, str] = {}
DOMAIN = None
ENVIRONMENT_VARIABLES: dict[str, str] = {}
EXCEPTION_HANDLER = None
