from types import SimpleNamespace

import pytest

from django_runtimes.compare.codebase.environ import proxied_url

PROXY = SimpleNamespace(host="127.0.0.1", port=6543)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://app:p%40s@db.example/shop", "postgresql://app:p%40s@127.0.0.1:6543/shop?sslmode=prefer"),
        (
            "postgresql://app@/shop?host=db.example&sslmode=verify-full&sslrootcert=system&connect_timeout=3",
            "postgresql://app@127.0.0.1:6543/shop?connect_timeout=3&sslmode=prefer",
        ),
        ("postgresql://app@127.0.0.1/shop?sslmode=disable", "postgresql://app@127.0.0.1/shop?sslmode=disable"),
    ],
)
def test_the_url_of_a_proxy_without_tls_does_not_demand_tls(url, expected):
    assert proxied_url(url, PROXY) == expected
