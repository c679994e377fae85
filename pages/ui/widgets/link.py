"""Links for other people: an address that they can reach, and its QR code."""

import io
import os
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from ae_core.workers.addresses import (
    CERTIFICATE,
    HTTP_SETTING,
    HTTPS_SETTING,
    is_own,
    own_address,
)


def is_local(address: str) -> bool:
    """Return whether a web address means the computer that opens it, as localhost does."""
    return is_own(urlsplit(address).hostname or "")


def in_the_network(address: str, own: str) -> str:
    """Return an address with this computer's network address in place of its host."""
    parts = urlsplit(address)
    host = f"[{own}]" if ":" in own else own
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=host + port))


def serves_both() -> bool:
    """Return whether visitors may come by https and by http, as with `autoencoder-lab serve`."""
    return all(os.environ.get(name) for name in (HTTPS_SETTING, HTTP_SETTING))


def by_https_and_http(address: str) -> tuple[str, str] | None:
    """Return an address by https and by http if visitors may come by both, else None."""
    if not serves_both():
        return None
    ports = (os.environ[HTTPS_SETTING], os.environ[HTTP_SETTING])
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    secure, plain = (
        urlunsplit(parts._replace(scheme=scheme, netloc=f"{host}:{port}"))
        for scheme, port in zip(("https", "http"), ports, strict=True)
    )
    return secure, plain


def certificate(address: str) -> str:
    """Return where that server has the certificate of its own authority."""
    return urlunsplit(urlsplit(address)._replace(path=CERTIFICATE, query="", fragment=""))


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
