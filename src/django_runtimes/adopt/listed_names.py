"""Lists the settings that `configure()` may set; all others are the same objects before and after the call."""

from typing import Any, NamedTuple

from django_runtimes.config.adopted import SETTING
from django_runtimes.config.variables.application_variables import (
    ALLOWED_HOSTS,
    CSRF_TRUSTED_ORIGINS,
    DEBUG,
    SECRET_KEY,
    SECRET_KEY_FALLBACKS,
)
from django_runtimes.config.variables.database.database_address import DATABASE_URL, DB_HOST
from django_runtimes.config.variables.file_variables import (
    DIRECT_UPLOADS,
    MEDIA_BUCKET,
    MEDIA_ROOT,
    STATIC_BUCKET,
    STATIC_HOST,
    STATIC_MANIFEST,
    STATIC_ROOT,
)
from django_runtimes.config.variables.hops import BASE_PATH, HOST_HEADER, HSTS_SECONDS, HTTPS, PROTO_HEADER
from django_runtimes.config.variables.mail_variables import MAIL, MAIL_FROM
from django_runtimes.config.variables.observability_variables import ACCESS_LOG
from django_runtimes.config.variables.security_variables import CSP, SECURITY_HEADERS
from django_runtimes.config.variables.store_variables import SESSIONS, STORE_URL
from django_runtimes.config.variables.table import PREFIX
from django_runtimes.config.variables.throttle_variables import THROTTLE
from django_runtimes.config.variables.variable import Variable


class ListedName(NamedTuple):
    """A setting, the variables that override the project's value, and its value if the project has none."""

    name: str
    variables: tuple[Variable[Any], ...]
    otherwise: str


LISTED = (
    ListedName("ALLOWED_HOSTS", (ALLOWED_HOSTS,), "an error outside `local`; loopback names under `local`"),
    ListedName("AWS_S3_ADDRESSING_STYLE", (), f"the value that the bucket of `{MEDIA_BUCKET.name}` needs"),
    ListedName("AWS_S3_REGION_NAME", (), f"the region of the bucket of `{MEDIA_BUCKET.name}`"),
    ListedName("AWS_S3_SIGNATURE_VERSION", (), f"the value that the bucket of `{MEDIA_BUCKET.name}` needs"),
    ListedName("CACHES", (STORE_URL,), "Django's; the variable changes `default` and adds `store_sessions`"),
    ListedName("CONTENT_SECURITY_POLICY", (), "SECURE_CSP in django-csp's format, under Django 5.2"),
    ListedName("CONTENT_SECURITY_POLICY_REPORT_ONLY", (), "SECURE_CSP_REPORT_ONLY, likewise"),
    ListedName("CSRF_COOKIE_NAME", (HTTPS,), "Django's"),
    ListedName("CSRF_COOKIE_PATH", (BASE_PATH,), "Django's"),
    ListedName("CSRF_COOKIE_SAMESITE", (HTTPS,), "Django's"),
    ListedName("CSRF_COOKIE_SECURE", (HTTPS,), "True with HTTPS in front"),
    ListedName("CSRF_TRUSTED_ORIGINS", (CSRF_TRUSTED_ORIGINS,), "`https://` with each allowed host"),
    ListedName(
        "DATABASES",
        (DATABASE_URL, DB_HOST),
        "an error if it has only an empty `default`; strategy, route, TLS and timeouts come from "
        "the variables of the database",
    ),
    ListedName("DEBUG", (DEBUG,), "Django's; True is an error outside `local`"),
    ListedName("DEFAULT_FROM_EMAIL", (MAIL_FROM,), "Django's"),
    ListedName(SETTING, (), "the values that the library itself uses"),
    ListedName("EMAIL_BACKEND", (MAIL,), "Django's; MAILERS from Django 6.1 on"),
    ListedName("FILE_UPLOAD_HANDLERS", (), "Django's, extended to uploads with long names"),
    ListedName("FORCE_SCRIPT_NAME", (BASE_PATH,), "Django's"),
    ListedName("INSTALLED_APPS", (), "the library's apps are appended"),
    ListedName("LANGUAGE_COOKIE_PATH", (BASE_PATH,), "Django's"),
    ListedName(
        "LOGGING",
        (),
        "lines of JSON to standard error, or to standard output in serving processes with "
        f"`{ACCESS_LOG.name}`; text under `local`",
    ),
    ListedName("LOGIN_REDIRECT_URL", (BASE_PATH,), "Django's"),
    ListedName("LOGIN_URL", (BASE_PATH,), "Django's"),
    ListedName("LOGOUT_REDIRECT_URL", (BASE_PATH,), "Django's"),
    ListedName("MAILERS", (MAIL,), "Django's; the variable changes `default`"),
    ListedName("MEDIA_ROOT", (MEDIA_ROOT,), "Django's"),
    ListedName("MEDIA_URL", (BASE_PATH,), "Django's"),
    ListedName("MESSAGE_STORAGE", (), f"Django's, with its cookie below `{BASE_PATH.name}`"),
    ListedName(
        "MIDDLEWARE",
        (),
        "WhiteNoise is added if staticfiles is installed and nothing else serves the files; "
        f"`{SECURITY_HEADERS.name}` adds what sends its headers, and `{THROTTLE.name}` what counts requests",
    ),
    ListedName("PERMISSIONS_POLICY", (), f"no device, with `{SECURITY_HEADERS.name}`"),
    ListedName("SECRET_KEY", (SECRET_KEY,), "an error outside `local`, as is a public or short key"),
    ListedName("SECRET_KEY_FALLBACKS", (SECRET_KEY_FALLBACKS,), "Django's"),
    ListedName("SECURE_CSP", (), f"the default policy, with `{SECURITY_HEADERS.name}`"),
    ListedName("SECURE_CSP_REPORT_ONLY", (), f"the default policy, with `{CSP.name}=report-only`"),
    ListedName("SECURE_HSTS_SECONDS", (HSTS_SECONDS,), "3600 with HTTPS in front"),
    ListedName("SECURE_PROXY_SSL_HEADER", (HTTPS, PROTO_HEADER), "the hop's header with HTTPS in front"),
    ListedName("SECURE_SSL_REDIRECT", (HTTPS,), "True with HTTPS in front"),
    ListedName("SERVER_EMAIL", (MAIL_FROM,), "Django's"),
    ListedName("SESSION_CACHE_ALIAS", (SESSIONS,), f"`store_sessions` with `{STORE_URL.name}`"),
    ListedName("SESSION_COOKIE_NAME", (HTTPS,), "Django's"),
    ListedName("SESSION_COOKIE_PATH", (BASE_PATH,), "Django's"),
    ListedName("SESSION_COOKIE_SAMESITE", (HTTPS,), "Django's"),
    ListedName("SESSION_COOKIE_SECURE", (HTTPS,), "True with HTTPS in front"),
    ListedName("SESSION_ENGINE", (SESSIONS,), f"sessions in the store with `{STORE_URL.name}`, else Django's"),
    ListedName("SILENCED_SYSTEM_CHECKS", (), "W005 and W021 are added if the call sets SECURE_HSTS_SECONDS"),
    ListedName("STATIC_ROOT", (STATIC_ROOT,), "`build/static` in the working directory"),
    ListedName("STATIC_URL", (STATIC_HOST, STATIC_BUCKET, BASE_PATH), "Django's"),
    ListedName(
        "STORAGES", (MEDIA_BUCKET, DIRECT_UPLOADS, STATIC_MANIFEST), "Django's; each variable changes only one storage"
    ),
    ListedName("TEMPLATES", (), f"the context processor of csp_nonce is added with `{SECURITY_HEADERS.name}`"),
    ListedName("USE_X_FORWARDED_HOST", (HOST_HEADER,), "Django's"),
    ListedName("WHITENOISE_STATIC_PREFIX", (), f"the path of STATIC_URL below `{BASE_PATH.name}`"),
)
NAMES = frozenset(listed.name for listed in LISTED)
# Variables of libpq and the resolver; they are set in the process's environment, so child processes inherit them.
_LIBRARY_VARIABLES = "`PGTZ` (the time zone of DATABASES['default']) and `RES_OPTIONS` (`timeout:2 attempts:2`)"


def render_page() -> str:
    """Render docs/settings.md: the variables, then the list of settings."""
    from django_runtimes.config.variables.reference import render_reference

    return render_reference() + _section()


def _section() -> str:
    rows = (f"| `{listed.name}` | {_code(listed.variables)} | {listed.otherwise} |" for listed in LISTED)
    return "\n".join(
        (
            "",
            "## Settings that `configure()` may set",
            "",
            f"Under `local`, nothing changes unless a variable that begins with `{PREFIX}` is set, or a PostgreSQL "
            "`DATABASE_URL` that the settings have not read. Elsewhere, the variable overrides the project's value, "
            "and the project's value overrides the third column. Every setting that is not listed is the same object "
            "before and after the call. `webapp check --explain` lists the changes with their reasons. The call also "
            f"sets two variables, unless they are set already: {_LIBRARY_VARIABLES}.",
            "",
            "| setting | variable | if the project has none |",
            "|---|---|---|",
            *rows,
            "",
        )
    )


def _code(variables: tuple[Variable[Any], ...]) -> str:
    return ", ".join(f"`{variable.name}`" for variable in variables) or "none"
