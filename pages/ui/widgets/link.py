"""Links for other people: an address that they can reach, and its QR code."""

import io
import socket
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

FAR_AWAY = ("192.0.2.1", 9)  # reserved for documentation; nothing is ever sent there


def is_local(address: str) -> bool:
    """Return whether a web address means the computer that opens it, as localhost does."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        known = ip_address(host)
    except ValueError:
        return False
    return known.is_loopback or known.is_unspecified


def in_the_network(address: str, own: str) -> str:
    """Return an address with this computer's network address in place of its host."""
    parts = urlsplit(address)
    host = f"[{own}]" if ":" in own else own
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=host + port))


def own_address() -> str:
    """Return this computer's address in its network, or "" if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(FAR_AWAY)  # for a datagram socket: it chooses a route and sends nothing
            own = str(asking.getsockname()[0])
        except OSError:
            return ""
    return "" if is_local(f"http://{own}") else own


def with_query(address: str, **query: str) -> str:
    """Return an address with this query and no other."""
    return urlunsplit(urlsplit(address)._replace(query=urlencode(query), fragment=""))


def qr_code(text: str, pixels: int = 8) -> bytes:
    """Return a text's QR code (ISO/IEC 18004) as PNG: black on white, ``pixels`` per module."""
    buffer = io.BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind="png", scale=pixels, border=4)
    return buffer.getvalue()


def here() -> str:
    """Return the address of this page in the visitor's browser, without its query."""
    host = st.context.headers.get("Host") or "localhost:8501"
    return with_query(st.context.url or f"http://{host}/classroom")


def reachable() -> str:
    """Return the address of this page for other computers."""
    own = own_address() if is_local(here()) else ""
    return in_the_network(here(), own) if own else here()
