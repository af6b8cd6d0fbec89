"""Every bad answer, at every step of reading: what came before it is kept, and one sentence says what it was."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from portals import records
from portals.replay import Answer, Replay, replay

from ckanext.cityportals.client import Client, Manners, PortalError
from ckanext.cityportals.portals import PORTALS

GZIP = {"Content-Encoding": "gzip"}
#: kind of answer, the answer, a word of the sentence
FAULTS: dict[str, tuple[Answer, str]] = {
    "error 500": (Answer(b"Oops", 500), "status 500"),
    "busy for good": (Answer(b"", 503), "status 503"),
    "not found": (Answer(b"", 404), "status 404"),
    "web page with status 200": (Answer(b"<!DOCTYPE html><title>Sorry</title>"), "a web page"),
    "error JSON with status 200": (Answer({"error": {"message": "database is down"}}), "answered"),
    "nothing": (Answer(b""), "nothing instead of JSON"),
    "half a document": (Answer(b'{"dataset": [{"title": "half", "success": true'), "cut off"),
    "connection broken off": (Answer(b'{"dataset": [' + b" " * 900, cut=500), "broke off"),
    "slow drip": (Answer(b" " * 5000, drip=0.2), "still answering after 1 seconds"),
    "body without end": (Answer(b" " * 300_000), "larger than 200,000 bytes"),
    "bomb": (
        Answer(gzip.compress(b" " * 5_000_000), headers=GZIP),
        "larger than 200,000 bytes",
    ),
    "broken compression": (
        Answer(b"not gzip", headers=GZIP),
        "compressed answer that is broken",
    ),
    "redirect in a circle": (Answer(status=302, headers={"Location": "/again"}), "in a circle"),
    "redirect inside": (Answer(status=302, headers={"Location": "http://10.0.0.8/"}), "private address"),
    "redirect to a file": (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "not a web address"),
    "nesting without end": (Answer(b'{"dataset": [' + b'{"a":' * 20_000), "nested too deeply"),
}


def guest() -> Client:
    limits: Any = {"max_bytes": 200_000, "max_bytes_in_memory": 200_000, "deadline": 1, "timeout": 2}
    return Client(Manners(pause=0, retries=0, allowed_hosts={"127.0.0.1"}, **limits))


def read(source_type: str, site: Replay) -> tuple[int, str]:
    """How many records arrived, and the sentence reading ended with."""
    arrived = 0
    try:
        for page in PORTALS[source_type].pages(guest(), site.url, {}, {}):
            arrived += len(page.records)
    except PortalError as error:
        return arrived, str(error)
    return arrived, "It ended as if all were well."


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", ["catalogue", "first page", "second page"])
def test_a_bad_answer_loses_nothing_and_is_said_in_one_sentence(step: str, fault: str):
    answer, said = FAULTS[fault]
    with replay() as site:
        site.answers["/again"] = Answer(status=302, headers={"Location": "/again"})
        if step == "catalogue":
            site.answers["/data.json"] = answer
            arrived, sentence = read("socrata", site)
        else:
            page = {"success": True, "result": {"count": 9, "results": [records.ckan(n) for n in range(1, 4)]}}
            before = [Answer(page)] if step == "second page" else []
            site.answers["/api/3/action/package_search"] = [*before, answer]
            arrived, sentence = read("city-ckan", site)
    assert arrived == (3 if step == "second page" else 0)
    assert said in sentence
    assert sentence.count("\n") == 0


#: faults of what is sent, which each kind of document has its own sentence for
OF_CONTENT = {"web page with status 200", "error JSON with status 200", "nothing", "half a document",
              "nesting without end"}  # fmt: skip
TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://x.example/1> a dcat:Dataset; dct:title "One" .
<https://x.example/2> a dcat:Dataset; dct:title "Two" .
<https://x.example/c> <http://www.w3.org/ns/hydra/core#next> <{url}/second> ."""
SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>{url}/a.csv</loc></url></urlset>"""
SITEMAPS = """<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>{url}/inner.xml</loc></sitemap><sitemap><loc>{url}/second</loc></sitemap></sitemapindex>"""
PRACTICES = """<!DOCTYPE html><a href="/one">One</a><a href="/second">Two</a><a href="/three">Three</a>"""
PRACTICE = """<!DOCTYPE html><title>Toilets</title><main><h1>Toilets</h1><p>They work.</p></main>"""
#: step: kind of source, what is served before the fault (which stands at /second), and how many records arrive
DOCUMENTS: dict[str, tuple[str, dict[str, str], int]] = {
    "RDF": ("dcat-ap", {}, 0),
    "second page of RDF": ("dcat-ap", {"/": TURTLE}, 2),
    "list or sitemap": ("list", {}, 0),
    "second sitemap": ("list", {"/": SITEMAPS, "/inner.xml": SITEMAP}, 1),
    "list of practices": ("practice", {}, 0),
    "page of a practice": ("practice", {"/": PRACTICES, "/one": PRACTICE, "/three": PRACTICE}, 2),
}


@pytest.mark.parametrize("step", DOCUMENTS)
def test_the_same_at_every_step_of_other_documents(step: str, subtests: pytest.Subtests):
    """What can be read is; of practices also what comes after a page that is broken, unless the site is busy."""
    source_type, served, arrives = DOCUMENTS[step]
    for fault, (answer, said) in FAULTS.items():
        if fault == "slow drip" or (fault == "web page with status 200" and source_type == "practice"):
            continue
        with subtests.test(fault), replay() as site:
            site.answers["/again"] = Answer(status=302, headers={"Location": "/again"})
            site.answers["/second" if served else "/"] = answer
            site.answers |= {path: Answer(text.replace("{url}", site.url).encode()) for path, text in served.items()}
            arrived, sentence = read(source_type, site)
            busy = source_type == "practice" and said in {"status 500", "status 503"}
            assert arrived == (min(arrives, 1) if busy else arrives)
            assert ("answered" if fault in OF_CONTENT else said) in sentence
            assert "\n" not in sentence


def test_what_arrived_whole_before_a_document_broke_off_is_kept():
    body = json.dumps({"dataset": [records.data_json(number) for number in range(1, 40)]}).encode()
    with replay() as site:
        site.answers["/data.json"] = Answer(body[: len(body) // 2])
        arrived, sentence = read("socrata", site)
    assert 15 < arrived < 25
    assert "cut off" in sentence


def test_a_certificate_that_proves_nothing_is_refused(tmp_path: Path):
    with tls_server(tmp_path) as url, pytest.raises(PortalError, match="no valid certificate"):
        guest().get_json(url)


@contextmanager
def tls_server(folder: Path) -> Iterator[str]:
    """A server with a certificate that it signed itself."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/data.json"
    finally:
        server.shutdown()
        server.server_close()


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path
