"""Feeds through a proxy: plain ones are forwarded, encrypted ones tunnelled, both over real sockets; and who is reached without it."""

from __future__ import annotations

import base64
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.catalog.feed_server import feed, serving
from webapp.catalog.feeds.client import UpdatesClient
from webapp.catalog.feeds.guest import FetchFailed, Manners
from webapp.catalog.feeds.proxies import BadProxy, Proxies, Proxy
from webapp.kit.clock import now

FEED = feed("webform", ("6.2.9", ""))
BASIC = "Basic " + base64.b64encode(b"pb:s3cret@").decode()


class ProxyServer:
    """A proxy on a socket of its own that remembers what it was asked; with `wants`, only for those who say that."""

    def __init__(self, wants: str | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def admitted(self) -> bool:
                outer.asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
                if wants is None or self.headers.get("Proxy-Authorization") == wants:
                    return True
                self.send_response(407)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return False

            def do_GET(self) -> None:
                if not self.admitted():
                    return
                with urlopen(Request(self.path, headers={"Accept": self.headers["Accept"]}), timeout=60) as answer:
                    body = answer.read()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                if not self.admitted():
                    return
                host, _, port = self.path.rpartition(":")
                with socket.create_connection(("127.0.0.1" if host == "updates.test" else host, int(port)), timeout=60) as there:
                    self.send_response(200)
                    self.end_headers()
                    carry(self.connection, there)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.place = f"127.0.0.1:{self.server.server_address[1]}"


def carry(one: socket.socket, other: socket.socket) -> None:
    """Carries bytes both ways until one side is done."""
    while True:
        ready, _, _ = select.select([one, other], [], [], 60)
        if not ready:
            return
        for side in ready:
            data = side.recv(65_536)
            if not data:
                return
            (other if side is one else one).sendall(data)


@contextmanager
def proxying(wants: str | None = None) -> Iterator[ProxyServer]:
    made = ProxyServer(wants)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join(timeout=5)


def fetched(base: str, proxies: Proxies) -> bytes | None:
    client = UpdatesClient(base, Manners("Patchboard/test", timeout=60, pause=0, proxies=proxies), sleep=lambda _: None)
    try:
        return client.fetch("webform", "current").body
    finally:
        client.close()


def test_a_plain_address_is_asked_of_the_proxy_in_full() -> None:
    with serving() as server, proxying() as proxy:
        server.replies["/webform/current"] = (200, {}, FEED)
        assert fetched(server.url, Proxies(http=Proxy.of(f"http://{proxy.place}"))) == FEED
        (method, address, headers), = proxy.asked
        assert (method, address) == ("GET", f"{server.url}/webform/current")
        assert headers["host"] == urlsplit(server.url).netloc
        assert len(server.asked) == 1


def test_a_name_and_password_are_told_the_proxy_and_not_the_server() -> None:
    with serving() as server, proxying(BASIC) as proxy:
        server.replies["/webform/current"] = (200, {}, FEED)
        assert fetched(server.url, Proxies(http=Proxy.of(f"http://pb:s3cret%40@{proxy.place}"))) == FEED
        assert "proxy-authorization" not in server.asked[0][1]
        with pytest.raises(FetchFailed, match="The proxy answered with 407"):
            fetched(server.url, Proxies(http=Proxy.of(proxy.place)))


def test_an_encrypted_address_goes_through_a_tunnel_and_its_certificate_is_checked(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    with serving() as server, proxying(BASIC) as proxy:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        server.replies["/webform/current"] = (200, {}, FEED)
        base = f"https://updates.test:{urlsplit(server.url).port}/release-history"
        proxies = Proxies(https=Proxy.of(f"http://pb:s3cret%40@{proxy.place}"))
        with pytest.raises(FetchFailed, match="certificate"):
            fetched(base, proxies)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetched(base, proxies) == FEED
        method, address, headers = proxy.asked[-1]
        assert (method, address, headers["proxy-authorization"]) == ("CONNECT", f"updates.test:{urlsplit(base).port}", BASIC)
        assert [set(headers) & {"proxy-authorization"} for _, headers in server.asked] == [set()]
        with pytest.raises(FetchFailed, match=r"The proxy did not let the connection through \(407\)"):
            fetched(base, Proxies(https=Proxy.of(proxy.place)))


def test_a_proxy_that_is_away_is_a_failure_like_another() -> None:
    with serving() as server, proxying() as proxy:
        gone = Proxy.of(proxy.place)
    with pytest.raises(FetchFailed, match="could not be reached"):
        fetched(server.url, Proxies(http=gone))


@pytest.mark.parametrize(("bypassed", "address", "is_direct"), [
    ("", "https://updates.drupal.org", False), ("*", "https://updates.drupal.org", True),
    ("drupal.org", "https://updates.drupal.org/x", True), (".drupal.org", "https://updates.drupal.org", True),
    ("*.drupal.org", "https://www.drupal.org", True), ("drupal.org", "https://notdrupal.org", False),
    ("localhost, Updates.Drupal.ORG ", "https://updates.drupal.org", True), ("updates.drupal.org:443", "https://updates.drupal.org", True),
    ("updates.drupal.org:8443", "https://updates.drupal.org", False), ("127.0.0.1", "https://127.0.0.1:8000", True),
    (",, ,", "https://updates.drupal.org", False), ("drupal.org", "http://updates.drupal.org", True)])
def test_who_is_reached_without_it(bypassed: str, address: str, is_direct: bool) -> None:
    proxies = Proxies(Proxy("proxy", 3128), None, bypassed)
    assert (proxies.towards(urlsplit(address)) is None) is (is_direct or address.startswith("http:"))


@pytest.mark.parametrize("text", ["https://proxy:3128", "socks5://proxy", "http://", "http://proxy:port", "http://proxy/path", "http://p?x"])
def test_what_is_no_proxy_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadProxy) as told:
        Proxy.of(text)
    assert "proxy:3128" not in str(told.value)


def test_settings_name_them_as_other_programs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from config import feed_settings
    from webapp.kit.settings import BadSetting

    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert feed_settings("production")["FEEDS_PROXIES"] == Proxies()
    monkeypatch.setenv("https_proxy", "http://pb:s3cret%40@proxy.example.org:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    found: Any = feed_settings("production")["FEEDS_PROXIES"]
    assert found == Proxies(Proxy("proxy.example.org", 3128, BASIC), None, "localhost")
    assert "s3cret" not in repr(found)
    assert BASIC not in repr(found)
    monkeypatch.setenv("HTTP_PROXY", "socks5://proxy")
    with pytest.raises(BadSetting, match="HTTP_PROXY must begin with http://"):
        feed_settings("production")


def self_signed(folder: Path) -> Path:
    """A certificate with its key for updates.test, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "updates.test")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("updates.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    path = folder / "updates.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
                     + certificate.public_bytes(serialization.Encoding.PEM))
    return path
