"""The origins that follow from the allowed hosts."""


def origin_of(host: str) -> str:
    """The origin of an allowed host; a leading dot means subdomains, which CSRF_TRUSTED_ORIGINS writes with a star."""
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"
