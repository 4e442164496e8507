import socket

import pytest

from django_runtimes.compare.deployed.this_machine import is_this_machine


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "0x7f.1"])
def test_loopback_addresses_are_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7", "name.invalid", "a" * 300])
def test_other_addresses_and_unknown_names_are_not(host):
    assert not is_this_machine(host)


def test_a_name_with_one_address_elsewhere_is_not(monkeypatch):
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "192.0.2.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)

    assert not is_this_machine("both.example.org")
