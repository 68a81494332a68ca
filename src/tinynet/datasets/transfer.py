"""One HTTP request for a file of known size, or for the rest of it, with time-outs that hold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.client import HTTPResponse

# A server has this long to answer: name look-up, connection and headers together.
CONNECT_SECONDS = 6.0
# In the middle of a file it may be silent, or slower than SLOWEST bytes per second, for this long.
STALL_SECONDS = 10.0
SLOWEST = 1000

_CHUNK = 1 << 16


class TransferError(Exception):
    """The server does not deliver the file; `again` tells whether it may do better when asked again."""

    def __init__(self, cause: str, *, again: bool = False) -> None:
        super().__init__(cause)
        self.again = again


def request(url: str, offset: int, size: int) -> tuple[int, Iterator[bytes]]:
    """Ask `url` for a file of `size` bytes from byte `offset` on.

    Returns the byte at which the answer starts, which is 0 from a server that does not know ranges, and the
    content in pieces. They reach beyond `size` if the answer does, but not on without end.
    """
    from urllib.error import HTTPError

    try:
        response = _open(url, offset)
    except HTTPError as error:
        error.close()
        if error.code == 416 and offset:  # the server has no such range: its whole file, then
            return request(url, 0, size)
        raise TransferError(f"HTTP {error.code} {error.reason}") from error
    try:
        if response.status != 206:
            offset = 0
        _check_headers(response, offset, size)
    except TransferError:
        response.close()
        raise
    return offset, _pieces(response, offset, size)


def _open(url: str, offset: int) -> HTTPResponse:
    """Open `url` within `CONNECT_SECONDS`.

    urllib's time-out counts for each address of a host anew and not for the name look-up, which together can
    take minutes where packets are dropped; so a thread does the waiting.
    """
    import queue
    import threading
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    headers = {"User-Agent": "tinynet", **({"Range": f"bytes={offset}-"} if offset else {})}
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
    too_late = threading.Event()

    def ask() -> None:
        try:
            response = urlopen(Request(url, headers=headers), timeout=STALL_SECONDS)
        except Exception as error:
            answer.put(error)
            return
        answer.put(response)
        if too_late.is_set():
            response.close()

    threading.Thread(target=ask, daemon=True).start()
    try:
        response = answer.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        too_late.set()
        raise TransferError(f"no answer within {CONNECT_SECONDS:g} s") from None
    if isinstance(response, (OSError, HTTPException)) and not isinstance(response, HTTPError):
        cause = response.reason if isinstance(response, URLError) else response
        raise TransferError(str(cause) or type(cause).__name__) from response
    if isinstance(response, Exception):
        raise response
    return response  # type: ignore[no-any-return]


def _check_headers(response: HTTPResponse, offset: int, size: int) -> None:
    """Refuse what cannot be the file before anything of it is used."""
    if response.headers.get_content_type() == "text/html":
        raise TransferError("answered with a web page, perhaps one to log in, instead of the file")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != size - offset:
        raise TransferError(f"announced {length} bytes where {size - offset} were due")
    content_range = response.headers.get("Content-Range", "")
    if offset and not content_range.startswith(f"bytes {offset}-"):
        raise TransferError(f"asked for the bytes from {offset} on, answered with {content_range!r}")


def _pieces(response: HTTPResponse, offset: int, size: int) -> Iterator[bytes]:
    import socket
    from http.client import HTTPException

    start = window = offset
    window_start = time.monotonic()
    with response:
        while offset <= size:
            try:
                # read1 returns what has come; read would wait for all of it.
                piece = response.read1(_CHUNK)
            except socket.timeout as error:
                raise TransferError(f"silent for {STALL_SECONDS:g} s after {offset} of {size} bytes") from error
            except (OSError, HTTPException):
                piece = b""
            if not piece:
                break
            offset += len(piece)
            yield piece
            elapsed = time.monotonic() - window_start
            if elapsed > STALL_SECONDS:
                if offset - window < SLOWEST * elapsed:
                    raise TransferError(f"too slow, {offset - window} bytes in {elapsed:.0f} s")
                window, window_start = offset, time.monotonic()
    if offset < size:
        raise TransferError(f"broke off after {offset} of {size} bytes", again=offset > start)
