"""Derives trusted origins from the allowed hosts."""


def origin_of(host: str) -> str:
    """Return an allowed host's origin; a leading dot becomes `*.`, which CSRF_TRUSTED_ORIGINS uses for subdomains."""
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"
