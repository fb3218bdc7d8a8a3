"""Requests to addresses that people typed in: which are refused, before and after their names are resolved, and how long one may take."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from tests.notify.receiver import receiving
from webapp.kit import outgoing
from webapp.kit.outgoing import NOT_SECURE, OWN_NETWORK, NotSent, Rules, address_problem, is_permitted, networks, post

HERE = networks(["127.0.0.0/8"])


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.4.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::1",
    "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1",
])
def test_addresses_of_our_own_are_not_permitted(address):
    assert not is_permitted(ip_address(address), ())


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_public_addresses_are(address):
    assert is_permitted(ip_address(address), ())


def test_what_a_setting_allows_is_permitted_and_nothing_beside_it():
    allowed = networks(["10.1.0.0/16", "fd00::/8"])
    assert is_permitted(ip_address("10.1.2.3"), allowed)
    assert is_permitted(ip_address("fd00::5"), allowed)
    assert not is_permitted(ip_address("10.2.0.1"), allowed)
    assert not is_permitted(ip_address("127.0.0.1"), allowed)


@pytest.mark.parametrize(("url", "problem"), [
    ("https://example.com/hook", None), ("https://example.com:8443/hook?a=b", None), ("https://[2606:4700:4700::1111]/", None),
    ("http://example.com/", NOT_SECURE), ("https://localhost/", OWN_NETWORK), ("https://api.localhost./", OWN_NETWORK), ("https://127.1.2.3/", OWN_NETWORK),
    ("https://[::1]/", OWN_NETWORK), ("https://user@example.com/", "An address has no user name, password or fragment here."),
    ("https://example.com/#there", "An address has no user name, password or fragment here."),
])
def test_addresses_are_judged_before_anybody_is_asked(url, problem):
    assert address_problem(url, ()) == problem


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com/", "https://", "https://example.com:0/", "https://example.com:x/", "https://exämple.com/",
                                 "https://example.com/a b", "https://example.com/\nHost: evil", "file:///etc/passwd", f"https://example.com/{'a' * 2000}"])
def test_what_is_no_address_is_none(url):
    assert address_problem(url, ()).startswith("This is not a web address")


def answered(monkeypatch, *addresses):
    """What the name resolves to."""
    found = [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.215.14", "10.0.0.1"), ("169.254.169.254",), ("fe80::1%eth0",), ("::ffff:10.0.0.1",)])
def test_a_name_that_leads_here_is_refused(monkeypatch, addresses):
    answered(monkeypatch, *addresses)
    monkeypatch.setattr(outgoing.socket, "create_connection", lambda *_: pytest.fail("nobody may be asked"))
    with pytest.raises(NotSent, match="own network"):
        post("https://rebind.example.com/", b"{}", {}, Rules())


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    """The name is resolved once: what it says the second time is not asked."""
    asked = []
    with receiving() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
        monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_, **__: asked.append(1) or [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))])
        reply = post(f"http://hooks.example.com:{port}/x?y=z", b"{}", {"X-One": "1"}, Rules(HERE))
    assert (reply.status, reply.text) == (200, "ok")
    assert len(asked) == 1
    request = receiver.posted[0]
    assert (request.path, request.headers["host"], request.headers["x-one"], request.body) == ("/x?y=z", f"hooks.example.com:{port}", "1", b"{}")


def test_plain_http_is_for_allowed_networks_alone(monkeypatch):
    answered(monkeypatch, "93.184.215.14")
    with pytest.raises(NotSent, match="Plain HTTP is refused"):
        post("http://example.com/", b"{}", {}, Rules(HERE))


def test_a_certificate_has_to_be_right(monkeypatch):
    """The receiver speaks no TLS at all, which is not accepted either."""
    with receiving() as receiver, pytest.raises(NotSent, match="certificate was not accepted"):
        post(receiver.url.replace("http://", "https://"), b"{}", {}, Rules(HERE, timeout=60))


def test_names_that_nobody_has_are_said(monkeypatch):
    def nobody(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", nobody)
    with pytest.raises(NotSent, match="could not be resolved"):
        post("https://nobody.example.com/", b"{}", {}, Rules())


def test_a_large_answer_is_not_read_and_a_slow_one_is_cut_off():
    with receiving(text=b"y" * 1_000_000) as receiver:
        assert len(post(receiver.url, b"{}", {}, Rules(HERE)).text) == 500
    with receiving(text=b"z" * 300, delay=0.2) as receiver:
        with pytest.raises(NotSent, match="did not answer in time"):
            post(receiver.url, b"{}", {}, Rules(HERE, timeout=0.7))
        assert receiver.ended.wait(120)
        assert receiver.written < 300, "it was cut off in the middle of its answer"


def test_what_is_answered_is_one_line_that_can_be_shown():
    with receiving(text="grüß\x1b[31m\n\n  dich".encode(), headers={"Retry-After": "Sun, 06 Nov 2094 08:49:37 GMT"}) as receiver:
        reply = post(receiver.url, b"{}", {}, Rules(HERE))
    assert reply.text == "grüß [31m dich"
    assert reply.retry_after == 86_400.0


@pytest.mark.parametrize(("value", "expected"), [("120", 120.0), ("", None), ("soon", None), ("99999999", 86_400.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0)])
def test_how_long_to_wait_is_read_in_both_forms(value, expected):
    assert outgoing.retry_after(value) == expected
