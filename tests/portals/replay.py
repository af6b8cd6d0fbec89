"""A portal that answers what a test tells it to, over real HTTP on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """One answer. ``drip``: seconds between two bytes; ``cut``: how many bytes to send of those that were promised."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    cut: int | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Replay:
    """Answers by path. A list is given in turn, its last answer for good; a function is called with the query."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | list[Answer] | Callable[[dict[str, str]], Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        self.requests.append((path, headers))
        found = self.answers.get(path, Answer(b"Not found", 404))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        answer = found(query) if callable(found) else found
        etag = answer.headers.get("ETag")
        return Answer(status=304, headers=answer.headers) if etag and headers.get("If-None-Match") == etag else answer

    def serve_ckan(self, records: list[dict[str, Any]], path: str = "", announced: int | None = None) -> None:
        """Be a CKAN site with these records."""

        def search(query: dict[str, str]) -> Answer:
            start, rows = int(query["start"]), int(query["rows"])
            count = len(records) if announced is None else announced
            return Answer({"success": True, "result": {"count": count, "results": records[start : start + rows]}})

        self.answers[f"{path}/api/3/action/package_search"] = search

    def serve_catalogue(self, records: list[dict[str, Any]], path: str = "/data.json", **headers: str) -> None:
        """Be a site with a DCAT-US document."""
        self.answers[path] = Answer(
            {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": records},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


@contextmanager
def replay() -> Iterator[Replay]:
    """A replaying portal on a free port of this machine."""
    portal = Replay()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = portal.answer(parts.path, query, dict(self.headers))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self._send(answer)

        def do_HEAD(self) -> None:
            self.do_GET()

        def _send(self, answer: Answer) -> None:
            if self.command == "HEAD":
                return
            content = answer.content[: answer.cut]
            if not answer.drip:
                self.wfile.write(content)
                return
            for position in range(len(content)):
                try:
                    self.wfile.write(content[position : position + 1])
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(answer.drip)

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    portal.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()
