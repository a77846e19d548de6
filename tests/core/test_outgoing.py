"""Requests that leave the desk: only where they may, only as long as they may."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from core.outbox import outgoing
from tests.receivers import Receiver, drip, hang, receiver


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.ALLOWED_TARGETS = frozenset({found.name})
        yield found


def post(url: str) -> outgoing.Answer:
    return outgoing.post(url, b"{}", {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "239.1.1.1", "255.255.255.255", "192.0.0.9", "192.0.0.170", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff0e::1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "::7f00:1", "::127.0.0.1", "::ffff:0:10.0.0.1", "fec0::1",
        "5f00::1", "3fff::1", "192.88.99.1", "2001::1", "100::1", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_the_inside_is_not_public(address):
    assert not outgoing.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_internet_is(address):
    assert outgoing.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://hooks.example/x", "https://", "https:///x", "//hooks.example/x", "file:///etc/passwd",
        "http://hooks.example/x", "https://user:pw@hooks.example/", "https://hooks.example/a b", "https://hooks.example:x/",
        "https://hooks.example:99999/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/x",
        "https://hööks.example/", "https://hooks.example/\r\nX: y", "https://[::ffff:127.0.0.1]/", "https://127.0.0.1./",
        "https://hooks.example/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_what_is_never_called_is_refused_before_it_is_kept(url):
    with pytest.raises(outgoing.Blocked) as refused:
        outgoing.target(url)
    assert str(refused.value).endswith(".")


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    for url in (text, f"https://{text}", f"https://hooks.example/{text}"):
        with contextlib.suppress(outgoing.Blocked):
            outgoing.target(url)


def test_a_named_target_takes_the_request(other):
    answer = post(other.url + "?a=1")

    [got] = other.got
    assert (answer.status, answer.body, got.path, got.body) == (200, b"ok", "/secret-path?a=1", b"{}")
    assert got.headers["host"] == other.name
    assert got.headers["user-agent"] == "servicedesk"


def test_a_private_target_that_nobody_named_gets_nothing(settings):
    with receiver() as inside:
        settings.ALLOWED_TARGETS = frozenset({"127.0.0.1:1"})
        with pytest.raises(outgoing.Blocked):
            post(inside.url)
        assert inside.got == []


def test_a_name_that_leads_inside_gets_nothing(monkeypatch):
    """The name is public text; where it leads is not. One bad address among good ones is enough."""
    with receiver() as inside:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, inside.port))
            for address in ("93.184.215.14", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        with pytest.raises(outgoing.Blocked, match=r"rebind\.example leads to an address"):
            post(f"https://rebind.example:{inside.port}/")
        assert inside.got == []


def test_a_name_is_resolved_once(other, settings, monkeypatch):
    """What answers differently the second time is never asked a second time."""
    settings.ALLOWED_TARGETS = frozenset({"hooks.office.example"})
    asked = []

    def once(host, port, **more):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    post(f"http://hooks.office.example:{other.port}/x")

    assert asked == ["hooks.office.example"]
    assert other.got[0].headers["host"] == f"hooks.office.example:{other.port}"


def test_a_redirect_is_not_followed(other):
    with receiver() as elsewhere:
        other.then = (302, {"Location": elsewhere.url}, b"")
        assert post(other.url).status == 302
        assert elsewhere.got == []


def test_no_more_than_64_kb_is_read(other):
    other.then = (200, {}, b"x" * 1_000_000)
    assert len(post(other.url).body) == 64 * 1024


@pytest.mark.parametrize("slow", [hang, drip])
def test_who_does_not_answer_in_time_is_cut_off(other, monkeypatch, slow):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.4)
    other.then = slow(other)
    with pytest.raises(outgoing.Unreachable, match=r"^127\.0\.0\.1: no answer in time\.$"):
        post(other.url)


def test_nobody_listens(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.ALLOWED_TARGETS = frozenset({"127.0.0.1"})
    with pytest.raises(outgoing.Unreachable, match="Connection refused"):
        post(f"http://127.0.0.1:{port}/")


def test_what_speaks_no_http_may_later(other):
    def nonsense(handler):
        handler.wfile.write(b"220 mail.example ESMTP\r\n")
        handler.close_connection = True

    other.then = nonsense
    with pytest.raises(outgoing.Unreachable, match="BadStatusLine"):
        post(other.url)


def test_no_error_tells_the_path(other, monkeypatch):
    """Most webhooks have their secret there."""
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.2)
    other.then = hang(other)
    with pytest.raises(outgoing.Unreachable) as failed:
        post(other.url)
    assert "secret" not in str(failed.value)


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for hooks.office.example alone, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.office.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.office.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


def test_tls_is_checked_against_the_name_and_not_the_address(certified, settings, monkeypatch):
    """The connection goes to a checked address; SNI, Host and certificate are the name's."""
    context, pem = certified
    asked_for = []
    context.sni_callback = lambda link, name, _: asked_for.append(name)
    settings.ALLOWED_TARGETS = frozenset({"hooks.office.example", "other.office.example"})
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: real(cafile=pem))

    def here(host, port, **more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with receiver(context) as other:
        assert post(f"https://hooks.office.example:{other.port}/x").status == 200
        with pytest.raises(outgoing.Unreachable, match=r"no safe connection .*other\.office\.example"):
            post(f"https://other.office.example:{other.port}/x")
        monkeypatch.setattr(ssl, "create_default_context", real)
        with pytest.raises(outgoing.Unreachable, match="no safe connection"):
            post(f"https://hooks.office.example:{other.port}/x")

    assert asked_for == ["hooks.office.example", "other.office.example", "hooks.office.example"]
    [got] = other.got
    assert got.headers["host"] == f"hooks.office.example:{other.port}"
