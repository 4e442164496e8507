"""Decides whether a host is the machine on which the comparison runs."""

import ipaddress
import socket

import psutil


def is_this_machine(host: str) -> bool:
    """Return whether every address of a host belongs to this machine; False for a name that has no address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
    return bool(addresses) and all(address.is_loopback or address in _own_addresses() for address in addresses)


def _own_addresses() -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return {
        ipaddress.ip_address(address.address.partition("%")[0])
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in {socket.AF_INET, socket.AF_INET6}
    }
