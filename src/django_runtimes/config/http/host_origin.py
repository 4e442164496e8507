"""Derives trusted origins from the allowed hosts."""


def origin_of(host: str) -> str:
    """Return an allowed host's origin; a leading dot, for subdomains, becomes the star of CSRF_TRUSTED_ORIGINS."""
    return f"https://*{host}" if host.startswith(".") else f"https://{host}"
