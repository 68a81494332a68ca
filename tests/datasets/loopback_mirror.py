"""A mirror on the loopback that behaves as badly as it is told to."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tinynet.datasets.download import RemoteFile

_PAGE = b"<html>Please log in</html>"


def remote_file(name: str, content: bytes) -> RemoteFile:
    """What a mirror's file should be."""
    return RemoteFile(name, len(content), hashlib.md5(content).hexdigest())


class Mirror:
    """Serves `files`; each request is answered by the next word of `script`, and well when that is empty.

    `requests` is what was asked for: pairs of the path and the Range header.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.script: list[str] = []
        self.requests: list[tuple[str, str | None]] = []
        self.released = threading.Event()  # ends the silence of a silent answer
        mirror = self

        class Handler(_Handler):
            def do_GET(self) -> None:
                mirror.requests.append((self.path, self.headers["Range"]))
                content = mirror.files.get(self.path.strip("/"))
                answer = mirror.script.pop(0) if mirror.script else "good"
                if content is None:
                    self.send_error(404)
                else:
                    getattr(self, "answer_" + answer)(content, mirror.released)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError):  # the client may leave in the middle
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def _start(self, content: bytes, offset: int, length: str | None = None, **headers: str) -> None:
        """Send the headers; `length` is what to announce in place of the truth, "" for nothing."""
        self.send_response(206 if offset else 200)
        if offset:
            headers["Content-Range"] = f"bytes {offset}-{len(content) - 1}/{len(content)}"
        if length is None:
            length = str(len(content) - offset)
        if length:
            headers["Content-Length"] = length
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _offset(self) -> int:
        return int((self.headers["Range"] or "bytes=0-")[len("bytes=") : -1])

    def answer_good(self, content: bytes, released: threading.Event) -> None:
        offset = self._offset()
        self._start(content, offset)
        self.wfile.write(content[offset:])

    def answer_without_ranges(self, content: bytes, released: threading.Event) -> None:
        self._start(content, 0)
        self.wfile.write(content)

    def answer_cut(self, content: bytes, released: threading.Event) -> None:
        """Announce the rest, send a quarter of the file."""
        offset = self._offset()
        self._start(content, offset)
        self.wfile.write(content[offset : offset + len(content) // 4])

    def answer_cut_chunked(self, content: bytes, released: threading.Event) -> None:
        self.protocol_version = "HTTP/1.1"
        self._start(content, 0, length="", **{"Transfer-Encoding": "chunked"})
        self.wfile.write(b"40\r\n" + content[:30])
        self.close_connection = True

    def answer_wrong(self, content: bytes, released: threading.Event) -> None:
        offset = self._offset()
        self._start(content, offset)
        self.wfile.write(bytes(len(content) - offset))

    def answer_wrong_range(self, content: bytes, released: threading.Event) -> None:
        offset = self._offset() - 1
        self._start(content, offset, length=str(len(content) - self._offset()))
        self.wfile.write(content[offset:-1])

    def answer_nothing(self, content: bytes, released: threading.Event) -> None:
        self._start(content, self._offset())

    def answer_refused_range(self, content: bytes, released: threading.Event) -> None:
        self.send_error(416)

    def answer_html(self, content: bytes, released: threading.Event) -> None:
        self._start(_PAGE, 0, **{"Content-Type": "text/html; charset=utf-8"})
        self.wfile.write(_PAGE)

    def answer_html_in_disguise(self, content: bytes, released: threading.Event) -> None:
        self._start(_PAGE, 0, length="", **{"Content-Type": "application/octet-stream"})
        self.wfile.write(_PAGE)

    def answer_announced_too_long(self, content: bytes, released: threading.Event) -> None:
        self._start(content, 0, length=str(10**12))
        self.wfile.write(content)

    def answer_endless(self, content: bytes, released: threading.Event) -> None:
        self._start(content, 0, length="")
        while not released.is_set():
            self.wfile.write(content)

    def answer_mute(self, content: bytes, released: threading.Event) -> None:
        released.wait()

    def answer_silent(self, content: bytes, released: threading.Event) -> None:
        """Send some, then nothing, and keep the connection."""
        offset = self._offset()
        self._start(content, offset)
        self.wfile.write(content[offset : offset + 20])
        self.wfile.flush()
        released.wait()

    def answer_dripping(self, content: bytes, released: threading.Event) -> None:
        offset = self._offset()
        self._start(content, offset)
        for byte in content[offset:]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if released.wait(0.02):
                break
