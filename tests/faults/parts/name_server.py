"""A resolver that gives one name an address, and another one later."""

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
    """Answers every name with `address`; for the resolver of a network of its own.

    It stands for a resolver that caches: a move shows only when the time to live is over.
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
        # It lets go of its port when the loop comes round.
        await asyncio.sleep(0)

    def move(self, address: str) -> None:
        """Give the name another address, seen once the old one's time to live has passed."""
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
