"""The Share button of every page: the address for others, its QR code, and what it opens."""

from collections.abc import Callable, Mapping

import streamlit as st

from ae_core.errors import UnknownThing
from pages.ui.backend.lessons import lessons
from pages.ui.backend.service import service
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, slug, text, text_or
from pages.ui.i18n.wording import run_name
from pages.ui.state.session import visitor
from pages.ui.widgets.component import component
from pages.ui.widgets.link import is_local, qr_code, reachable, with_query

# The sharer's alone: a teacher's secret, a lesson's answers and the way back to it.
OWN = ("teacher", "back", "guess", "tried")
QR_PIXELS = 220

_ADDRESS = component(
    __file__,
    '<div class="address"><input type="text" readonly><button type="button"></button></div>'
    '<div class="said" role="status"></div>',
)


def share(title: str) -> None:
    """Show the button at the top of a page; a page that is embedded in another one has none.

    Args:
        title: one of the names in `pages.ui.shell.navigation.PAGES`.
    """
    if st.context.is_embedded:
        return
    with st.container(key="share"):
        st.fragment(_share)(title)


def _share(title: str) -> None:
    with st.popover(
        text("share.open"), icon=":material/share:", key="share.menu", on_change="rerun"
    ) as opened:
        if not opened.open:
            st.caption(text("downloads.wait"))
            return
        with notice.refusals():
            query = shared_query(title, st.query_params.to_dict())
            address = with_query(reachable(), **query)
            st.markdown(opens(title, query))
            st.image(qr_code(address), width=QR_PIXELS, alt=text("share.qr"))
            words = {
                name: text(f"share.{name}") for name in ("address", "copy", "copied", "by_hand")
            }
            _ADDRESS(key="share.address", data={"shared": address, **words})
            if is_local(address):
                st.caption(text("share.only_here"))


def shared_query(title: str, query: Mapping[str, str]) -> dict[str, str]:
    """Return what of a page's address others get."""
    kept = {name: value for name, value in query.items() if name not in OWN}
    if title == "Class":
        return {name: kept[name] for name in ("lang", "class") if name in kept}
    if kept.get("start") == "own":
        del kept["start"]  # that picture is in this tab only
    if title == "Train" and kept.get("view") == "Watch" and not kept.keys() & {"run", "sweep"}:
        for newest in service().runs(visitor())[:1]:
            kept["run"] = newest
    return kept


def opens(title: str, query: Mapping[str, str]) -> str:
    """Return in one sentence, as Markdown, what an address opens."""
    special = _SPECIAL.get(title)
    said = special(query) if special else ""
    if said:
        return said
    page = text(f"frame.page.{slug(title)}")
    settings = query.keys() - {"lang"}
    return text("share.opens.settings" if settings else "share.opens.page", page=page)


def _lesson(query: Mapping[str, str]) -> str:
    lesson = lessons(language())[0].get(query.get("lesson", ""))
    if lesson is None:
        return ""
    step = query.get("step", "")
    number = min(int(step), len(lesson.steps)) if step.isdecimal() and len(step) < 4 else 1
    return text("share.opens.lesson", title=notice.plain(lesson.title), step=max(number, 1))


def _training(query: Mapping[str, str]) -> str:
    if query.get("view") == "Compare":
        return text("share.opens.compare")
    if run := query.get("run", ""):
        try:
            return text("share.opens.run", name=notice.plain(run_name(service().snapshot(run))))
        except UnknownThing:
            return ""
    if query.get("sweep"):
        return text("share.opens.sweep")
    preset = text_or(f"preset.{query.get('preset', '')}.title", "")
    return text("share.opens.preset", title=preset) if preset else ""


def _code(query: Mapping[str, str]) -> str:
    if "z" in query or "strengths" in query:
        return text("share.opens.code")
    return ""


def _class(query: Mapping[str, str]) -> str:
    code = query.get("class", "")
    return text("share.opens.class", code=notice.plain(code.upper())) if code else ""


def _set(query: Mapping[str, str]) -> str:
    return text("share.opens.set") if "set" in query else ""


_SPECIAL: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "Lessons": _lesson,
    "Train": _training,
    "Latent space": _code,
    "Class": _class,
    "Your pictures": _set,
}
