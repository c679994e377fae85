"""How students get into a class, for a projector: the code, the address and its QR code."""

import streamlit as st

from ae_core.classroom import Classroom
from ae_core.join_address import in_the_network, is_local, own_address, qr_code, with_query
from pages.shared.text import text


def joining(room: Classroom, *, large: bool) -> None:
    """Show a class's code, the address at which to join, and its QR code."""
    address = with_query(_reachable(), **{"class": room.code})
    picture, words = st.columns(
        [1, 2] if large else [1, 4], gap="large", vertical_alignment="center"
    )
    with picture:
        st.image(qr_code(address), width="stretch" if large else 170, alt=text("classroom.qr"))
    with words:
        size = "clamp(4rem, 13vw, 11rem)" if large else "clamp(3rem, 7vw, 5.5rem)"
        st.caption(text("classroom.code"))
        st.html(
            f'<div style="font-size:{size};font-weight:800;letter-spacing:.08em;line-height:1">'
            f"{room.code}</div>"
        )
        st.code(address, language=None, wrap_lines=True)
    if is_local(here()):
        st.info(text("classroom.local" if is_local(address) else "classroom.local_guessed"))


def here() -> str:
    """Return the address of this page as the visitor's browser has it, without its query."""
    host = st.context.headers.get("Host") or "localhost:8501"
    return with_query(st.context.url or f"http://{host}/classroom")


def _reachable() -> str:
    """Return the address of this page for others."""
    own = own_address() if is_local(here()) else ""
    return in_the_network(here(), own) if own else here()
