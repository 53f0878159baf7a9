"""Refuses every connection that would leave this machine, in the test process and in the commands it starts.

Python imports this module by its name wherever its folder is on PYTHONPATH. A refused call fails as a network
that is down would, so that the code under test meets an ordinary error.
"""

from __future__ import annotations

import socket
import sys

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")


def _local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host is None or host == "" or (isinstance(host, str) and host.startswith(LOOPBACK))


def _numeric(host: object) -> bool:
    """An address needs no look-up; connecting to it is what is refused."""
    return isinstance(host, str) and (":" in host or host.replace(".", "").isdigit())


def _stay_here(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not _local(address[0]):
            raise ConnectionRefusedError(f"tests stay on this machine: refused to connect to {address[0]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not (
        _local(args[0]) or _numeric(args[0])
    ):
        raise socket.gaierror(
            socket.EAI_NONAME, f"tests stay on this machine: refused to look up {args[0]!r}"
        )


sys.addaudithook(_stay_here)
