"""The careful guest."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from portals.replay import Answer, Replay, replay

from ckanext.cityportals import addresses
from ckanext.cityportals.addresses import AddressError, check_url, is_public
from ckanext.cityportals.client import Client, Manners, NotModified, PortalError, Validators


@pytest.fixture
def site() -> Iterator[Replay]:
    with replay() as portal:
        yield portal


def client(**manners: Any) -> Client:
    return Client(Manners(**{"pause": 0, "retries": 0, "timeout": 2, "allowed_hosts": {"127.0.0.1"}, **manners}))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://data.example.org/data.json",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http:///data.json",
        "data.json",
        "http://user:secret@data.example.org/",
        "http://127.0.0.1/",
        "http://[::1]:8983/solr",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:5000/",
        "http://solr.internal/",
        "http://10.1.2.3/data.json",
        "http://[",
    ],
)
def test_what_is_no_public_web_address_is_refused_before_anything_is_sent(url: str):
    with pytest.raises(AddressError):
        check_url(url)


@pytest.mark.parametrize("url", ["https://data.example.org/data.json", "http://93.184.215.14:8080/x"])
def test_a_public_web_address_is_accepted(url: str):
    check_url(url)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.8.8.8", "0.0.0.0", "100.64.0.1", "224.0.0.1", "fe80::1", "fc00::1", "::", "64:ff9b::a00:1",
     "2002:a00:1::", "::ffff:192.168.1.1"],
)  # fmt: skip
def test_private_addresses_are_known_in_every_disguise(address: str):
    assert not is_public(addresses.ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1"])
def test_other_ways_to_write_a_private_address_are_caught_when_connecting(host: str, site: Replay):
    port = site.url.rpartition(":")[2]
    with pytest.raises(PortalError, match="private address"):
        client(allowed_hosts=()).get_json(f"http://{host}:{port}/")
    assert not site.requests


def test_a_name_that_turns_private_between_check_and_connection_is_refused(
    site: Replay, monkeypatch: pytest.MonkeyPatch
):
    """DNS rebinding: the address that counts is the one connected to."""
    real = socket.getaddrinfo
    port = int(site.url.rpartition(":")[2])
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kwargs: real("127.0.0.1", *args, **kwargs))
    check_url(f"http://rebinding.example.org:{port}/")
    with pytest.raises(PortalError, match="private address"):
        client(allowed_hosts=()).get_json(f"http://rebinding.example.org:{port}/")
    assert not site.requests


def test_a_redirect_to_a_private_address_is_refused(site: Replay):
    site.answers["/data.json"] = Answer(status=302, headers={"Location": "http://127.0.0.2:1/secret"})
    with pytest.raises(PortalError, match=r"127\.0\.0\.2 is a private address"):
        client().get_json(f"{site.url}/data.json")


def test_a_redirect_to_a_file_is_refused(site: Replay):
    site.answers["/data.json"] = Answer(status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(PortalError, match="not a web address"):
        client().get_json(f"{site.url}/data.json")


def test_only_the_named_port_is_allowed_where_a_port_is_named(site: Replay):
    site.answers["/data.json"] = Answer({})
    host = site.url.removeprefix("http://")
    assert client(allowed_hosts={host}).get_json(f"{site.url}/data.json") == {}
    with pytest.raises(PortalError, match="private address"):
        client(allowed_hosts={host}).get_json("http://127.0.0.1:1/data.json")


def test_requests_say_who_is_asking(site: Replay):
    site.answers["/data.json"] = Answer({})
    client(user_agent="catalogue (+https://catalogue.example.org)").get_json(f"{site.url}/data.json")
    assert site.requests[0][1]["User-Agent"] == "catalogue (+https://catalogue.example.org)"


def test_a_busy_portal_is_asked_again_after_the_time_it_names(site: Replay):
    site.answers["/data.json"] = [Answer(b"", 503, {"Retry-After": "1"}), Answer({"dataset": []})]
    started = time.monotonic()
    assert client(retries=2).get_json(f"{site.url}/data.json") == {"dataset": []}
    assert 1 <= time.monotonic() - started < 5


def test_a_portal_that_names_an_absurd_time_is_not_waited_for(site: Replay):
    site.answers["/data.json"] = [Answer(b"", 429, {"Retry-After": "86400"}), Answer({})]
    started = time.monotonic()
    client(retries=1, patience=1).get_json(f"{site.url}/data.json")
    assert time.monotonic() - started < 5


def test_a_portal_that_stays_busy_is_reported(site: Replay):
    site.answers["/data.json"] = Answer(b"", 503)
    with pytest.raises(PortalError, match="status 503"):
        client(retries=2).get_json(f"{site.url}/data.json")
    assert len(site.requests) == 3


def test_unchanged_answers_cost_nothing(site: Replay):
    site.answers["/data.json"] = Answer({"dataset": []}, headers={"ETag": '"v1"'})
    guest = client()
    guest.get_json(f"{site.url}/data.json")
    validators = guest.validators[f"{site.url}/data.json"]
    assert validators == Validators(etag='"v1"')
    with pytest.raises(NotModified):
        guest.get_json(f"{site.url}/data.json", unless=validators)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b" " * 5000 + b"{}"), "larger than 1,000 bytes"),
        (Answer(gzip.compress(b" " * 5_000_000), headers={"Content-Encoding": "gzip"}), "larger than 1,000 bytes"),
        (Answer(b"not gzip", headers={"Content-Encoding": "gzip"}), "compressed answer that is broken"),
        (Answer(json.dumps(["x" * 900]).encode(), cut=100), "broke off|cut off"),
        (Answer(b"x" * 900, drip=0.2), "still answering after 1 seconds"),
        (Answer(status=404), "status 404"),
    ],
    ids=["too large", "decompression bomb", "broken compression", "cut off", "slow drip", "not found"],
)
def test_a_bad_answer_ends_in_one_sentence(site: Replay, answer: Answer, said: str):
    """Whether it is read whole or piece by piece."""
    site.answers["/data.json"] = answer
    guest = client(max_bytes=1000, max_bytes_in_memory=1000, deadline=1)
    for read in (guest.get_json, lambda url: list(guest.get_list(url, "dataset"))):
        with pytest.raises(PortalError, match=said) as raised:
            read(f"{site.url}/data.json")
        assert "\n" not in str(raised.value)


# -- lists that are read piece by piece
def test_a_list_is_read_piece_by_piece_from_wherever_it_stands(site: Replay):
    found = [{"title": f"Ä {number}", "depth": [[{"a": [1.5, None, True]}]]} for number in range(2000)]
    document = {"@context": {"dataset": [{"not": "this"}]}, "extra": [{"dataset": [1]}], "dataset": [*found, 7, "x"]}
    site.answers["/data.json"] = Answer(b"\xef\xbb\xbf" + json.dumps({**document, "after": {}}).encode())
    assert list(client().get_list(f"{site.url}/data.json", "dataset")) == found


def test_a_list_that_is_cut_off_gives_what_arrived_whole_and_then_says_so(site: Replay):
    body = json.dumps({"dataset": [{"title": "one"}, {"title": "two"}]}).encode()
    site.answers["/data.json"] = Answer(body[:-8])
    reading = client().get_list(f"{site.url}/data.json", "dataset")
    assert next(reading) == {"title": "one"}
    with pytest.raises(PortalError, match="cut off"):
        next(reading)


def test_a_document_that_nests_without_end_is_refused_in_little_memory(site: Replay):
    site.answers["/data.json"] = Answer(b'{"dataset": [' + b'{"a":' * 200_000)
    with pytest.raises(PortalError, match="nested too deeply"):
        list(client().get_list(f"{site.url}/data.json", "dataset"))


# -- keys and turns
def test_a_key_is_for_its_host_only():
    guest = client(credentials={"kf.example.org": "secret", "127.0.0.1:8000": "local"})
    assert guest.credential("https://kf.example.org/api/v2/assets") == "secret"
    assert guest.credential("http://127.0.0.1:8000/x") == "local"
    assert guest.credential("https://elsewhere.example.org/kf.example.org") == ""


def test_a_redirect_in_a_circle_ends(site: Replay):
    site.answers["/data.json"] = Answer(status=302, headers={"Location": "/data.json"})
    with pytest.raises(PortalError, match="in a circle"):
        client().get_json(f"{site.url}/data.json")


def test_a_portal_that_is_not_there_is_reported():
    with pytest.raises(PortalError, match="could not be reached"):
        client().get_json("http://127.0.0.1:1/data.json")


def test_requests_to_one_host_keep_their_distance(site: Replay):
    site.answers["/data.json"] = Answer({})
    guest = client(pause=0.2)
    started = time.monotonic()
    for _ in range(3):
        guest.get_json(f"{site.url}/data.json")
    assert time.monotonic() - started >= 0.4
