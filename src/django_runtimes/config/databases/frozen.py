"""How long a connection may rest in a process that is frozen between requests."""

from django_runtimes.config.values.profile import Profile

# A frozen process does not notice that its connection has ended. If packets of the old connection are dropped, its
# health check takes 2.5 s to fail, while a new connection takes milliseconds.
_LONGEST_REST_S = 5.0


def longest_rest_s(profile: Profile) -> float | None:
    """Return the limit in seconds, or None for a process that is never frozen."""
    return _LONGEST_REST_S if profile.freezes else None
