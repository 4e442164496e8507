"""Decides the settings for HTTPS in front of the application, and for its base path."""

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.http.front import is_below
from django_runtimes.config.variables.hops import HOST_HEADER, HSTS_SECONDS, HTTPS, PROTO_HEADER

# Subdomains and the browsers' preload list belong to the owner of the domain, not to one application on it.
_DOMAIN_CHECKS = ("security.W005", "security.W021")
_COOKIE_PATHS = ("SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", "LANGUAGE_COOKIE_PATH")
_REDIRECTS = ("LOGIN_URL", "LOGIN_REDIRECT_URL", "LOGOUT_REDIRECT_URL")
_MESSAGE_STORAGE = "django_runtimes.serving.messages.MessageStorage"
# The cookies of logins, and Django's names for them.
_LOGIN_COOKIES = {"SESSION_COOKIE": "sessionid", "CSRF_COOKIE": "csrftoken"}
# Browsers ignore the case of these prefixes: https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html
_SECURE_PREFIXES = ("__secure-", "__host-http-", "__host-", "__http-")
_HTTPS_SETTINGS = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")


def set_https(draft: Draft, variables: ProcessVariables) -> None:
    """Set the proxy's header, the redirect, secure cookies and Strict-Transport-Security."""
    said = variables[HTTPS]
    if not variables.https:
        if said is False:
            for name in _HTTPS_SETTINGS:
                draft.set(name, said, "WEBAPP_HTTPS=0: users connect by plain HTTP")
            _set_plain_cookies(draft)
        return
    reason = "WEBAPP_HTTPS=1" if said else f"{variables.runtime} has HTTPS in front"
    # Load balancers, HTTP APIs and App Runner overwrite this header; ForwardedHeaders drops it from other peers.
    header = (variables.front.proto_meta_key, "https")
    if said or variables.is_set(PROTO_HEADER):
        draft.set("SECURE_PROXY_SSL_HEADER", header, f"{reason}: the hop in front writes this header")
    else:
        draft.default("SECURE_PROXY_SSL_HEADER", header, f"{reason}: the hop in front writes this header")
    for name in _HTTPS_SETTINGS:
        (draft.set if said else draft.default)(name, variables.https, reason)
    if variables.is_set(HSTS_SECONDS):
        draft.set("SECURE_HSTS_SECONDS", variables[HSTS_SECONDS], "WEBAPP_HSTS_SECONDS is set")
    else:
        draft.default("SECURE_HSTS_SECONDS", variables[HSTS_SECONDS], reason)
    silenced = list(draft.value("SILENCED_SYSTEM_CHECKS"))
    missing = [check for check in _DOMAIN_CHECKS if check not in silenced]
    if "SECURE_HSTS_SECONDS" in draft.settings and missing:
        draft.set(
            "SILENCED_SYSTEM_CHECKS",
            [*silenced, *missing],
            "Strict-Transport-Security for subdomains and preloading is the domain owner's choice",
        )


def _set_plain_cookies(draft: Draft) -> None:
    """Change names and attributes of the cookies of logins that browsers accept only from HTTPS."""
    for cookie, default in _LOGIN_COOKIES.items():
        name = draft.value(f"{cookie}_NAME")
        if prefix := next((prefix for prefix in _SECURE_PREFIXES if str(name).lower().startswith(prefix)), ""):
            reason = f"WEBAPP_HTTPS=0: browsers accept the prefix {name[: len(prefix)]} only over HTTPS"
            draft.set(f"{cookie}_NAME", name[len(prefix) :] or default, reason)
        same_site = draft.value(f"{cookie}_SAMESITE")
        if isinstance(same_site, str) and same_site.lower() == "none":
            draft.set(f"{cookie}_SAMESITE", "Lax", "WEBAPP_HTTPS=0: browsers accept SameSite=None only over HTTPS")


def set_host_header(draft: Draft, variables: ProcessVariables) -> None:
    """Let Django read `Host`, into which the handlers copy the header that WEBAPP_HOST_HEADER names."""
    if variables.is_set(HOST_HEADER):
        reason = f"WEBAPP_HOST_HEADER={variables.front.host_header}: the public host comes from this header alone"
        draft.set("USE_X_FORWARDED_HOST", after=False, reason=reason)


def set_base_path(draft: Draft, variables: ProcessVariables) -> None:
    """Move cookies, redirects and files below WEBAPP_BASE_PATH, except settings that are below it already."""
    base_path = variables.front.base_path
    if not base_path:
        return
    reason = f"WEBAPP_BASE_PATH={base_path}"
    if draft.value("FORCE_SCRIPT_NAME"):
        # With FORCE_SCRIPT_NAME, Django would ignore `root_path`, which is longer if the application is mounted under a
        # path.
        draft.set("FORCE_SCRIPT_NAME", None, f"{reason}: the server passes the base path to Django")
    for name in _COOKIE_PATHS:
        # Applications under other paths of this host must not receive these cookies.
        if not is_below(draft.value(name) or "/", base_path):
            draft.set(name, base_path, reason)
    for name in _REDIRECTS:
        path = draft.value(name)
        # A setting that names a URL pattern needs no base path.
        if isinstance(path, str) and path.startswith("/") and not path.startswith("//"):
            draft.set(name, _below(path, base_path), reason)
    if not draft.has("WHITENOISE_STATIC_PREFIX") and _is_path(static := draft.value("STATIC_URL")):
        # WhiteNoise matches paths without the base path.
        prefix = "/" + static.removeprefix(base_path).strip("/") + "/"
        draft.set("WHITENOISE_STATIC_PREFIX", prefix, f"{reason}: WhiteNoise matches paths without it")
    for name in ("STATIC_URL", "MEDIA_URL"):
        if _is_path(url := draft.value(name)):
            # Django resolves a relative URL below the application's path.
            draft.set(name, _below(url, base_path) if url.startswith("/") else f"{base_path}/{url}", reason)
    # This is Django's only cookie without a setting for its path.
    draft.default("MESSAGE_STORAGE", _MESSAGE_STORAGE, f"{reason}: the messages cookie has no setting for its path")


def _is_path(url: object) -> bool:
    return isinstance(url, str) and url != "" and "://" not in url and not url.startswith("//")


def _below(path: str, base_path: str) -> str:
    return path if is_below(path, base_path) else base_path + path
