"""A DNS server whose answer can change."""

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self

_PORT = 53
_HEADER_BYTES = 12
_TYPE_A = 1
_RESPONSE_FLAGS = 0x8580
_NAME_AT_HEADER = 0xC00C


class NameServer(asyncio.DatagramProtocol):
    """Resolves every name to `address`, inside a network namespace.

    It behaves like a caching resolver, so a move shows only after the time to live.
    """

    def __init__(self, address: str, *, ttl_s: int) -> None:
        self.address = address
        self._ttl_s = ttl_s

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", _PORT))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()
        # The transport releases its port in the next iteration of the loop.
        await asyncio.sleep(0)

    def move(self, address: str) -> None:
        """Change the address once the time to live of the old address is over."""
        asyncio.get_running_loop().call_later(self._ttl_s, setattr, self, "address", address)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        """Answer one query."""
        end = data.index(b"\0", _HEADER_BYTES) + 5
        question = data[_HEADER_BYTES:end]
        (kind,) = struct.unpack("!H", question[-4:-2])
        answer = b""
        if kind == _TYPE_A:
            answer = struct.pack("!HHHIH", _NAME_AT_HEADER, _TYPE_A, 1, self._ttl_s, 4) + socket.inet_aton(self.address)
        header = data[:2] + struct.pack("!HHHHH", _RESPONSE_FLAGS, 1, 1 if answer else 0, 0, 0)
        self._transport.sendto(header + question + answer, sender)
