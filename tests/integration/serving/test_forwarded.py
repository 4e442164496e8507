from ipaddress import ip_network

import pytest

from django_runtimes.serving.forwarded import ForwardedHeaders, ProxyHeaders

PROXY = ("10.0.1.7", 40000)
UNTRUSTED = ("203.0.113.66", 40000)


async def seen_behind(headers, *, client=PROXY, kind="http", names=None, trusted="10.0.0.0/8", **scope):
    """Return the scope that reaches the application."""
    seen = []

    async def application(scope, receive, send):
        seen.append(scope)

    scope |= {"type": kind, "client": client, "headers": headers}
    networks = [ip_network(trusted)] if trusted else []
    await ForwardedHeaders(application, trusted=networks, headers=names)(scope, None, None)
    return seen[0]


@pytest.mark.parametrize(
    ("value", "client"),
    [
        (b"198.51.100.1", "198.51.100.1"),
        (b"6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (b"6.6.6.6,10.0.0.1 , 198.51.100.1:51234", "198.51.100.1"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"6.6.6.6, [2001:db8::1]:443", "2001:db8::1"),
        (b"198.51.100.1, unknown", "10.0.1.7"),
        (b"", "10.0.1.7"),
    ],
)
async def test_the_nearest_proxys_entry_is_the_client(value, client):
    scope = await seen_behind([(b"x-forwarded-for", value)])

    assert scope["client"][0] == client


async def test_repeated_headers_are_read_as_one_list():
    scope = await seen_behind([(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"198.51.100.1")])

    assert scope["client"] == ("198.51.100.1", 0)


async def test_only_the_nearest_proxys_scheme_is_kept():
    headers = [(b"x-forwarded-proto", b"https"), (b"host", b"a.example"), (b"x-forwarded-proto", b"https, http")]

    scope = await seen_behind(headers)

    assert scope["headers"] == [(b"host", b"a.example"), (b"x-forwarded-proto", b"http")]


async def test_forwarded_headers_of_untrusted_clients_are_dropped():
    forwarded = [
        (name, b"https")
        for name in (
            b"forwarded",
            b"x-forwarded-for",
            b"x-forwarded-host",
            b"x-forwarded-port",
            b"x-forwarded-proto",
        )
    ]

    scope = await seen_behind([(b"host", b"a.example"), *forwarded], client=UNTRUSTED)

    assert scope["headers"] == [(b"host", b"a.example")]
    assert scope["client"] == UNTRUSTED


@pytest.mark.parametrize("client", [None, ("::ffff:10.0.1.7", 40000)])
async def test_a_unix_socket_and_a_mapped_address_are_trusted_too(client):
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], client=client)

    assert scope["client"] == ("198.51.100.1", 0)


async def test_without_forwarded_headers_nothing_changes():
    scope = await seen_behind([(b"host", b"a.example")], client=("testclient", 1))

    assert scope == {"type": "http", "client": ("testclient", 1), "headers": [(b"host", b"a.example")]}


CLOUDFRONT = ProxyHeaders(proto="CloudFront-Forwarded-Proto", host="X-Forwarded-Host")


async def test_the_public_host_replaces_the_origins_host():
    headers = [(b"host", b"origin.example"), (b"x-forwarded-host", b"evil.example, www.example")]

    scope = await seen_behind(headers, names=CLOUDFRONT)

    assert [value for name, value in scope["headers"] if name == b"host"] == [b"www.example"]


async def test_an_empty_public_host_is_ignored():
    scope = await seen_behind([(b"host", b"origin.example"), (b"x-forwarded-host", b"")], names=CLOUDFRONT)

    assert (b"host", b"origin.example") in scope["headers"]


async def test_a_public_host_is_ignored_unless_configured():
    headers = [(b"host", b"origin.example"), (b"x-forwarded-host", b"www.example")]

    scope = await seen_behind(headers)

    assert scope["headers"] == headers


async def test_a_configured_scheme_header_has_one_value():
    headers = [(b"cloudfront-forwarded-proto", b"http"), (b"cloudfront-forwarded-proto", b"https")]

    scope = await seen_behind(headers, names=CLOUDFRONT)

    assert scope["headers"] == [(b"cloudfront-forwarded-proto", b"https")]


async def test_untrusted_clients_set_neither_host_nor_scheme():
    headers = [(b"host", b"a.example"), (b"x-forwarded-host", b"b"), (b"cloudfront-forwarded-proto", b"https")]

    scope = await seen_behind(headers, client=UNTRUSTED, names=CLOUDFRONT)

    assert scope["headers"] == [(b"host", b"a.example")]


async def test_forwarded_headers_apply_to_websockets():
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], kind="websocket")

    assert scope["client"] == ("198.51.100.1", 0)


@pytest.mark.parametrize("address", ["", "unix", "testclient"])
async def test_a_peer_without_an_ip_address_is_untrusted(address):
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], client=(address, 0))

    assert scope == {"type": "http", "client": (address, 0), "headers": []}


@pytest.mark.parametrize(
    ("kind", "stated", "seen"),
    [
        ("http", b"https", "https"),
        ("http", b"http", "http"),
        ("http", b"http, https", "https"),
        ("http", b"wss", "as it was"),
        ("http", b"HTTPS", "as it was"),
        ("http", b"", "as it was"),
        ("websocket", b"https", "wss"),
        ("websocket", b"http", "ws"),
        ("websocket", b"wss", "wss"),
        ("websocket", b"gopher", "as it was"),
    ],
)
async def test_the_scope_has_the_scheme_of_the_proxy(kind, stated, seen):
    scope = await seen_behind([(b"x-forwarded-proto", stated)], kind=kind, scheme="as it was")

    assert scope["scheme"] == seen


async def test_only_the_configured_header_sets_the_scheme():
    headers = [(b"x-forwarded-proto", b"http"), (b"cloudfront-forwarded-proto", b"https")]

    assert (await seen_behind(headers, names=CLOUDFRONT, scheme="http"))["scheme"] == "https"
    assert (await seen_behind(headers[:1], names=CLOUDFRONT, scheme="https"))["scheme"] == "https"


@pytest.mark.parametrize(("client", "trusted"), [(UNTRUSTED, "10.0.0.0/8"), (PROXY, None), (None, None)])
async def test_untrusted_peers_do_not_set_the_scheme(client, trusted):
    scope = await seen_behind([(b"x-forwarded-proto", b"https")], client=client, trusted=trusted, scheme="http")

    assert scope["scheme"] == "http"
