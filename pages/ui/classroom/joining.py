"""How students get into a class: the code, the address and its QR code."""

import streamlit as st

from ae_core.classroom.join_link import in_the_network, is_local, own_address, qr_code, with_query
from ae_core.classroom.model import Classroom
from pages.ui.i18n.text import text


def joining(classroom: Classroom, *, large: bool) -> None:
    """Show how students join a class, for a projector or for the teacher's own screen."""
    address = with_query(_reachable(), **{"class": classroom.code})
    size = "clamp(4rem, 13vw, 11rem)" if large else "clamp(2.5rem, 5vw, 4rem)"
    picture, words = st.columns([2, 5] if large else [1, 6], vertical_alignment="center")
    with picture:
        st.image(qr_code(address), width="stretch" if large else 150, alt=text("classroom.qr"))
    with words:
        st.html(
            f'<div style="font-size:{size};font-weight:800;letter-spacing:.08em;line-height:1">'
            f"{classroom.code}</div>"
        )
        st.code(address, language=None, wrap_lines=True)
    if is_local(here()):
        st.caption(text("classroom.local" if is_local(address) else "classroom.local_guessed"))


def here() -> str:
    """Return the address of this page as the visitor's browser has it, without its query."""
    host = st.context.headers.get("Host") or "localhost:8501"
    return with_query(st.context.url or f"http://{host}/classroom")


def _reachable() -> str:
    """Return the address of this page for others."""
    own = own_address() if is_local(here()) else ""
    return in_the_network(here(), own) if own else here()
