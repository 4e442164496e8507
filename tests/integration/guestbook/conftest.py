"""Fails any test of the guestbook that pins a connection of RDS Proxy, or that would fail on the Data API."""

from collections.abc import Iterator

import pytest

from django_runtimes.config.values.connection_strategy import Route

# On the route of its profile each test is examined by one lint. On the Data API, the engine itself refuses.
_LINTS = {Route.PROXY: "pin_lint", Route.DIRECT: "data_api_lint"}


@pytest.fixture(autouse=True)
def _nothing_found(request, settings) -> Iterator[None]:
    name = _LINTS.get(settings.DJANGO_RUNTIMES.profile.route)
    findings = None if name is None else request.getfixturevalue(name)
    yield
    assert findings is None or findings.found == []
