"""On PYTHONPATH of every kernel under test: no way out of this machine.

A kernel talks to its notebook over loopback, so only other addresses, and
the look-up of names, are refused.
"""

import socket

_LOCAL = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")
_connect = socket.socket.connect
_getaddrinfo = socket.getaddrinfo


def _refuse(host):
    raise OSError(f"A page must run without network. Received: {host!r}")


def connect(self, address):
    if isinstance(address, tuple) and address[0] not in _LOCAL:
        _refuse(address[0])
    return _connect(self, address)


def getaddrinfo(host, *arguments, **options):
    if host not in (*_LOCAL, None):
        _refuse(host)
    return _getaddrinfo(host, *arguments, **options)


socket.socket.connect = connect
socket.getaddrinfo = getaddrinfo
