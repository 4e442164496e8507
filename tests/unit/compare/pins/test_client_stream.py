"""Statements are read from the messages of PostgreSQL's protocol, in pieces of any size."""

import struct

import pytest

from django_runtimes.compare.pins.client_stream import ClientStream
from django_runtimes.pinning.rules import Statement

STARTUP = struct.pack("!ii", 17, 196608) + b"user\0web\0"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", 4 + len(content)) + content


def parse(name: bytes, query: bytes) -> bytes:
    return message(b"P", name + b"\0" + query + b"\0" + struct.pack("!h", 0))


def bind(name: bytes, *values: bytes | None) -> bytes:
    parameters = b"".join(
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value for value in values
    )
    return message(b"B", b"\0" + name + b"\0" + struct.pack("!hhh", 1, 0, len(values)) + parameters + b"\0\0")


SYNC, QUERY = message(b"S", b""), message(b"Q", b"SET LOCAL work_mem = 1\0")
PASSWORD = message(b"p", b"SELECT secret\0")


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_simple_and_bound_statements_are_read(piece: int):
    sent = STARTUP + PASSWORD + QUERY + parse(b"", b"SELECT $1") + bind(b"", b"12345", None) + SYNC
    stream = ClientStream()

    read = [each for at in range(0, len(sent), piece) for each in stream.feed(sent[at : at + piece])]

    assert read == [Statement("SET LOCAL work_mem = 1", 22), Statement("SELECT $1", 14)]


def test_a_prepared_statement_counts_each_time_it_is_executed():
    stream = ClientStream()
    prepare = parse(b"_pg3_0", b"SELECT $1") + SYNC

    read = list(stream.feed(STARTUP + prepare + bind(b"_pg3_0", b"1") + SYNC + bind(b"_pg3_0", b"22") + SYNC))

    assert read == [
        Statement("SELECT $1", 9, named=True),
        Statement("SELECT $1", 10, named=True),
        Statement("SELECT $1", 11, named=True),
    ]


def test_a_request_for_encryption_is_recognized_only_before_the_start():
    stream = ClientStream()

    assert stream.encryption_refused(SSL_REQUEST)
    assert not stream.encryption_refused(STARTUP)
    list(stream.feed(STARTUP))
    assert not stream.encryption_refused(SSL_REQUEST)
