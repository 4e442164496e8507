"""The settings that `configure()` may set, and when: every other one is the project's own object, before and after."""

from typing import NamedTuple

from django_runtimes.config.adopted import SETTING
from django_runtimes.config.variables.reference import render_reference


class ListedName(NamedTuple):
    """A setting, the variable that beats the project's value, and what it becomes where the project has none."""

    name: str
    variable: str
    otherwise: str


LISTED = (
    ListedName("ALLOWED_HOSTS", "WEBAPP_ALLOWED_HOSTS", "an error beyond `local`; loopback names under `local`"),
    ListedName("AWS_S3_ADDRESSING_STYLE", "", "what the bucket of `WEBAPP_MEDIA_BUCKET` needs"),
    ListedName("AWS_S3_REGION_NAME", "", "the region of the bucket of `WEBAPP_MEDIA_BUCKET`"),
    ListedName("AWS_S3_SIGNATURE_VERSION", "", "what the bucket of `WEBAPP_MEDIA_BUCKET` needs"),
    ListedName("CSRF_COOKIE_PATH", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("CSRF_COOKIE_SECURE", "WEBAPP_HTTPS", "True with HTTPS in front"),
    ListedName("CSRF_TRUSTED_ORIGINS", "WEBAPP_CSRF_TRUSTED_ORIGINS", "`https://` with each allowed host"),
    ListedName("DATABASES", "DATABASE_URL, WEBAPP_DB_…", "an error where it has an empty `default` alone"),
    ListedName("DEBUG", "WEBAPP_DEBUG", "Django's; True is an error beyond `local`"),
    ListedName(SETTING, "", "what the library itself works with"),
    ListedName("FILE_UPLOAD_HANDLERS", "", "Django's, which take uploads with long names, too"),
    ListedName("INSTALLED_APPS", "", "the library's apps are appended"),
    ListedName("LANGUAGE_COOKIE_PATH", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("LOGGING", "", "lines of JSON to standard error; text under `local`"),
    ListedName("LOGIN_REDIRECT_URL", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("LOGIN_URL", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("LOGOUT_REDIRECT_URL", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("MEDIA_ROOT", "WEBAPP_MEDIA_ROOT", "Django's"),
    ListedName("MEDIA_URL", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("MESSAGE_STORAGE", "", "one whose cookie stays below `WEBAPP_BASE_PATH`"),
    ListedName("MIDDLEWARE", "", "WhiteNoise's is added where staticfiles is installed and nothing serves them"),
    ListedName("SECRET_KEY", "WEBAPP_SECRET_KEY", "an error beyond `local`, as is a public or a short one"),
    ListedName("SECRET_KEY_FALLBACKS", "WEBAPP_SECRET_KEY_FALLBACKS", "Django's"),
    ListedName("SECURE_HSTS_SECONDS", "WEBAPP_HSTS_SECONDS", "3600 with HTTPS in front"),
    ListedName("SECURE_PROXY_SSL_HEADER", "WEBAPP_HTTPS, WEBAPP_PROTO_HEADER", "the front's with HTTPS in front"),
    ListedName("SECURE_SSL_REDIRECT", "WEBAPP_HTTPS", "True with HTTPS in front"),
    ListedName("SESSION_COOKIE_PATH", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("SESSION_COOKIE_SECURE", "WEBAPP_HTTPS", "True with HTTPS in front"),
    ListedName("SILENCED_SYSTEM_CHECKS", "", "W005 and W021 are added with the default of SECURE_HSTS_SECONDS"),
    ListedName("STATIC_ROOT", "WEBAPP_STATIC_ROOT", "`build/static` in the working directory"),
    ListedName("STATIC_URL", "WEBAPP_BASE_PATH", "Django's"),
    ListedName("STORAGES", "WEBAPP_MEDIA_BUCKET", "Django's; the variable changes `default` alone"),
    ListedName("WHITENOISE_STATIC_PREFIX", "", "the path of STATIC_URL below `WEBAPP_BASE_PATH`"),
)
NAMES = frozenset(listed.name for listed in LISTED)
# Of libpq and the resolver; variables of the process, set for what it starts as well.
_LIBRARY_VARIABLES = "`PGTZ` (the time zone of DATABASES['default']) and `RES_OPTIONS` (`timeout:2 attempts:2`)"


def render_page() -> str:
    """The page docs/settings.md: the variables, and the list."""
    return render_reference() + _section()


def _section() -> str:
    rows = (f"| `{listed.name}` | {_code(listed.variable)} | {listed.otherwise} |" for listed in LISTED)
    return "\n".join(
        (
            "",
            "## Settings that `configure()` may set",
            "",
            "Under `local` nothing changes without a variable that begins with `WEBAPP_` and without a PostgreSQL "
            "`DATABASE_URL`. Elsewhere the variable beats the project's value, and that beats the third column. Every "
            "setting that is not listed is the same object before and after the call. `webapp check --explain` shows "
            f"what was set, and why. Unless they are set, the call also sets {_LIBRARY_VARIABLES}.",
            "",
            "| setting | variable | where the project has none |",
            "|---|---|---|",
            *rows,
            "",
        )
    )


def _code(variables: str) -> str:
    return ", ".join(f"`{name}`" for name in variables.split(", ")) if variables else "none"
