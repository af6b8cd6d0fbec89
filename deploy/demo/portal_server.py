"""Two made-up city portals for the demo: a CKAN site and a Socrata-like site with a ``data.json``.

Every folder of ``portals/`` is one portal, served below its name. A folder with ``datasets.json`` answers CKAN's
``package_search``; everything else is a file. ``{base}`` in a JSON file becomes the portal's own address. All people,
offices and cities in it are invented.

    python deploy/demo/portal_server.py --port 58090
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mimetypes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PORTALS = Path(__file__).with_name("portals")
SEARCH = "/api/3/action/package_search"


class PortalHandler(BaseHTTPRequestHandler):
    """Answers GET; knows ETags, so that asking again costs nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        portal, _, rest = unquote(parts.path).lstrip("/").partition("/")
        if f"/{rest}" == SEARCH and (PORTALS / portal / "datasets.json").is_file():
            self._answer(_search(self._text(portal, "datasets.json"), parse_qs(parts.query)), "application/json")
            return
        path = (PORTALS / portal / rest).resolve()
        if PORTALS.resolve() not in path.parents or not path.is_file():
            self.send_error(404)
            return
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = self._text(portal, rest).encode() if path.suffix == ".json" else path.read_bytes()
        self._answer(content, media_type)

    def _text(self, portal: str, name: str) -> str:
        base = f"http://{self.headers.get('Host', 'localhost')}/{portal}"
        return (PORTALS / portal / name).read_text("utf-8").replace("{base}", base)

    def _answer(self, content: bytes, media_type: str) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        unchanged = self.headers.get("If-None-Match") == etag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", "0" if unchanged else str(len(content)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


def _search(datasets: str, query: dict[str, list[str]]) -> bytes:
    """One page of ``package_search``, as CKAN answers it."""
    found = sorted(json.loads(datasets), key=lambda each: each["id"])
    start, rows = (int(query.get(name, [default])[0]) for name, default in (("start", "0"), ("rows", "10")))
    result = {"count": len(found), "results": found[start : start + rows], "sort": "id asc", "facets": {}}
    return json.dumps({"success": True, "result": result}, ensure_ascii=False).encode()


def serve(port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A server bound to the port (0: any free one), not yet running."""
    return ThreadingHTTPServer((host, port), PortalHandler)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the demo's made-up city portals.")
    parser.add_argument("--port", type=int, required=True)
    serve(parser.parse_args().port).serve_forever()


if __name__ == "__main__":
    main()
