from ipaddress import ip_network

import pytest

from django_runtimes.serving.forwarded import ForwardedHeaders, ProxyHeaders

PROXY = ("10.0.1.7", 40000)
STRANGER = ("203.0.113.66", 40000)


async def seen_behind(headers, *, client=PROXY, kind="http", names=None, trusted="10.0.0.0/8", **scope):
    """The scope that reaches the application."""
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


async def test_a_line_of_its_own_that_the_client_sent_is_an_earlier_entry():
    scope = await seen_behind([(b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"198.51.100.1")])

    assert scope["client"] == ("198.51.100.1", 0)


async def test_of_several_schemes_only_the_nearest_proxys_is_left():
    headers = [(b"x-forwarded-proto", b"https"), (b"host", b"a.example"), (b"x-forwarded-proto", b"https, http")]

    scope = await seen_behind(headers)

    assert scope["headers"] == [(b"host", b"a.example"), (b"x-forwarded-proto", b"http")]


async def test_what_a_stranger_says_of_itself_is_dropped():
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

    scope = await seen_behind([(b"host", b"a.example"), *forwarded], client=STRANGER)

    assert scope["headers"] == [(b"host", b"a.example")]
    assert scope["client"] == STRANGER


@pytest.mark.parametrize("client", [None, ("::ffff:10.0.1.7", 40000)])
async def test_a_unix_socket_and_a_mapped_address_are_trusted_too(client):
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], client=client)

    assert scope["client"] == ("198.51.100.1", 0)


async def test_without_forwarded_headers_nothing_changes():
    scope = await seen_behind([(b"host", b"a.example")], client=("testclient", 1))

    assert scope == {"type": "http", "client": ("testclient", 1), "headers": [(b"host", b"a.example")]}


CLOUDFRONT = ProxyHeaders(proto="CloudFront-Forwarded-Proto", host="X-Forwarded-Host")


async def test_the_public_host_takes_the_place_of_the_origins():
    headers = [(b"host", b"origin.example"), (b"x-forwarded-host", b"evil.example, www.example")]

    scope = await seen_behind(headers, names=CLOUDFRONT)

    assert [value for name, value in scope["headers"] if name == b"host"] == [b"www.example"]


async def test_an_empty_public_host_changes_nothing():
    scope = await seen_behind([(b"host", b"origin.example"), (b"x-forwarded-host", b"")], names=CLOUDFRONT)

    assert (b"host", b"origin.example") in scope["headers"]


async def test_a_public_host_is_read_only_when_a_header_was_chosen():
    headers = [(b"host", b"origin.example"), (b"x-forwarded-host", b"www.example")]

    scope = await seen_behind(headers)

    assert scope["headers"] == headers


async def test_a_chosen_scheme_has_one_value_too():
    headers = [(b"cloudfront-forwarded-proto", b"http"), (b"cloudfront-forwarded-proto", b"https")]

    scope = await seen_behind(headers, names=CLOUDFRONT)

    assert scope["headers"] == [(b"cloudfront-forwarded-proto", b"https")]


async def test_a_stranger_says_neither_host_nor_scheme():
    headers = [(b"host", b"a.example"), (b"x-forwarded-host", b"b"), (b"cloudfront-forwarded-proto", b"https")]

    scope = await seen_behind(headers, client=STRANGER, names=CLOUDFRONT)

    assert scope["headers"] == [(b"host", b"a.example")]


async def test_websockets_are_read_as_requests_are():
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], kind="websocket")

    assert scope["client"] == ("198.51.100.1", 0)


@pytest.mark.parametrize("address", ["", "unix", "testclient"])
async def test_a_peer_without_an_ip_address_is_a_stranger(address):
    scope = await seen_behind([(b"x-forwarded-for", b"198.51.100.1")], client=(address, 0))

    assert scope == {"type": "http", "client": (address, 0), "headers": []}


@pytest.mark.parametrize(
    ("kind", "said", "seen"),
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
async def test_the_scope_has_the_scheme_that_the_proxy_names(kind, said, seen):
    scope = await seen_behind([(b"x-forwarded-proto", said)], kind=kind, scheme="as it was")

    assert scope["scheme"] == seen


async def test_only_the_chosen_header_is_the_scheme():
    headers = [(b"x-forwarded-proto", b"http"), (b"cloudfront-forwarded-proto", b"https")]

    assert (await seen_behind(headers, names=CLOUDFRONT, scheme="http"))["scheme"] == "https"
    assert (await seen_behind(headers[:1], names=CLOUDFRONT, scheme="https"))["scheme"] == "https"


@pytest.mark.parametrize(("client", "trusted"), [(STRANGER, "10.0.0.0/8"), (PROXY, None), (None, None)])
async def test_nobody_else_says_the_scheme(client, trusted):
    scope = await seen_behind([(b"x-forwarded-proto", b"https")], client=client, trusted=trusted, scheme="http")

    assert scope["scheme"] == "http"
