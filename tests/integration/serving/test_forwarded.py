from ipaddress import ip_network

import pytest

from webapp.serving.forwarded import ForwardedHeaders

PROXY = ("10.0.1.7", 40000)
STRANGER = ("203.0.113.66", 40000)


async def seen_behind(headers, *, client=PROXY):
    """The scope that reaches the application."""
    seen = []

    async def application(scope, receive, send):
        seen.append(scope)

    scope = {"type": "http", "client": client, "headers": headers}
    await ForwardedHeaders(application, trusted=[ip_network("10.0.0.0/8")])(scope, None, None)
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
