"""Known secrets, addresses and headers, masked in what git, proxies and servers answer."""

from __future__ import annotations

import base64

import pytest

from reconciler.errors.redact import redact_addresses, redact_addresses_of, redact_answer, redact_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: https://u:a@b@host/x.git", "fatal: https://host/x.git"),
        ("fatal: http://u:pa/ss@host/x", "fatal: http://host/x"),
        ("fatal: http://u:pa?ss@host/x", "fatal: http://host/x"),
        ("cannot read 'https://u:p@host/x?token=1'.", "cannot read 'https://host/x'."),
        ("https://host/x and git@host:x", "https://host/x and git@host:x"),
    ],
)
def test_an_address_is_shown_without_its_user(text: str, shown: str) -> None:
    assert redact_addresses(text) == shown


SECRET = "s3cr&t/+\u00e4%pass"
PAIR = base64.b64encode(f"client-id:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (f"no: {SECRET}.", "no: ***."),
        ("no: s3cr%26t%2F%2B%C3%A4%25pass", "no: ***"),
        ("no: s3cr%26t%2f%2b%c3%a4%25pass", "no: ***"),
        ("no: s3cr&amp;t/+\u00e4%pass", "no: ***"),
        ('{"sent": "s3cr&t/+\\u00e4%pass"}', '{"sent": "***"}'),
        (f"Authorization: Basic {PAIR}", "Authorization: Basic ***"),
        ("your header was Bearer%20eyJhbGciOiJIUzI1", "your header was Bearer%20***"),
    ],
)
def test_our_own_secret_is_taken_out_of_an_answer(answer: str, shown: str) -> None:
    """A gateway may repeat what we sent, plain or encoded."""
    assert redact_answer(answer, [SECRET]) == shown


def test_a_secret_is_found_inside_of_base64() -> None:
    """Wherever it begins there: a character at each end may be encoded with its neighbour."""
    for before in ("", "a", "ab", "client-id:"):
        echoed = base64.urlsafe_b64encode(f"{before}{SECRET}:after".encode()).decode()

        assert "***" in redact_answer(f"got {echoed}", [SECRET])


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("password 4711 is too short", "password *** is too short"),
        ("The passcode (4711) is not allowed", "The passcode (***) is not allowed"),
        ("Meeting 84711471147 does not exist", "Meeting 84711471147 does not exist"),
        ("4711 requests", "4711 requests"),
        ("password for meeting 84711", "password for meeting 84711"),
    ],
)
def test_a_short_secret_garbles_no_id(answer: str, shown: str) -> None:
    assert redact_values(answer, ["4711"]) == shown


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("Could not resolve host: b2@host", "https://u:a1@b2@host/x", "Could not resolve host: ***@host"),
        ("Invalid port: 'pa'", "http://u:pa/ss@host", "Invalid port: '***'"),
        ("proxy syntax in 'u:SECRET'", "u:SECRET", "proxy syntax in 'u:***'"),
        ("cannot reach ghp_0123456789", "https://ghp_0123456789@host/x", "cannot reach ***"),
        ("cannot reach host port 8080", "http://host:8080/", "cannot reach host port 8080"),
        ("cannot reach host port 8080", "host:8080", "cannot reach host port 8080"),
        ("git said no", "git@host:x/y.git", "git said no"),
    ],
)
def test_a_part_of_a_password_is_masked(text: str, address: str, shown: str) -> None:
    """A program that splits an address elsewhere shows such a part as a host or a port."""
    assert redact_addresses_of(text, [address]) == shown
