"""The Your pictures page: visitors draw or upload images, alone or as a class, to train on."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ae_core.data.loading import card
from ae_core.data.user_image_sets import MIN_IMAGES, PRESET, suggested_spec, user_sets
from ae_core.data.user_set_store import MAX_IMAGES
from ae_core.data.user_sets import MAX_NAME, SIDES, UserSet
from ae_core.errors import StorageError, UserError
from ae_core.specs import to_query
from pages.ui.backend.service import service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.gallery_picker import page_turning
from pages.ui.pictures.collecting import add_pictures
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_index, set_query
from pages.ui.state.session import session, visitor
from pages.ui.widgets.image_picker import image_picker
from pages.ui.widgets.images import data_urls
from pages.ui.widgets.metric import metric

A_PAGE = 60  # images


def page() -> None:
    """Draw the page."""
    mine = session().collecting
    if mine.told:
        notice.info(mine.told)
        mine.told = ""
    if set_id := st.query_params.get("set", ""):
        with notice.refusals(but=(StorageError,)):
            _one_set(user_sets().get(set_id))
            return
    _overview()


def _overview() -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.header(text("own.begin"), anchor=False)
        _begin()
    with right:
        st.header(text("own.yours"), anchor=False)
        sets = user_sets().mine(visitor())
        if not sets:
            st.caption(text("own.none_yet"))
        for user_set in sets:
            words = text("own.in_the_list", name=notice.plain(user_set.name), count=user_set.count)
            st.page_link("pages/own_pictures.py", label=words, query_params={"set": user_set.id})


def _begin() -> None:
    name = st.text_input(
        text("own.name"),
        max_chars=MAX_NAME,
        placeholder=text("own.name_example"),
        key="own.new_name",
    )
    side = st.segmented_control(
        text("own.side"),
        SIDES,
        default=SIDES[0],
        required=True,
        format_func=lambda side: f"{side}×{side}",
        help=text("own.side_help"),
        key="own.new_side",
    )
    st.caption(text("own.kept"))
    if not st.button(text("own.create"), type="primary", key="own.create"):
        return
    with notice.refusals():
        made = user_sets().create(visitor(), name or text("own.name_example"), side or SIDES[0])
        set_query(set=made.id)
        st.rerun()


def _one_set(user_set: UserSet) -> None:
    mine = user_set.owner == visitor()
    st.button(text("own.all_sets"), icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    st.header(notice.plain(user_set.name), anchor=False)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        metric(text("own.count"), user_set.count)
        metric(text("own.room"), MAX_IMAGES - user_set.count)
        _train_link(user_set)
    left, right = st.columns(2, gap="large")
    with left:
        add_pictures(user_set)
        if not mine:
            st.caption(text("own.not_yours"))
        st.caption(text("own.kept"))
    with right:
        _grid(user_set, mine)
        if mine:
            with st.expander(text("own.change"), icon=":material/settings:"):
                _rename(user_set)
                _delete(user_set)


def _leave() -> None:
    set_query(set="", picture="", page="", source="")


def _train_link(user_set: UserSet) -> None:
    if user_set.count < MIN_IMAGES:
        missing = MIN_IMAGES - user_set.count
        st.caption(text("own.more_needed", least=MIN_IMAGES, missing=missing))
        return
    st.page_link(
        "pages/train.py",
        label=text("own.train"),
        icon=":material/play_arrow:",
        query_params=to_query(suggested_spec(card(user_set.image_set)), PRESET),
    )


def _grid(user_set: UserSet, mine: bool) -> None:
    if not user_set.count:
        st.caption(text("own.empty"))
        return
    images = user_sets().read(user_set.id)[1]
    count = len(images.numbers)
    start = linked_index("page", count) // A_PAGE * A_PAGE
    numbers = [int(number) for number in images.numbers[start : start + A_PAGE]]
    written = st.query_params.get("picture", "")
    chosen = int(written) if written.isdecimal() and len(written) < 10 else -1
    image_picker(
        f"own-{user_set.id}-{start}-{user_set.changes}",
        data_urls(images.pixels[start : start + A_PAGE]),
        tuple(text("own.tile", number=number + 1) for number in numbers),
        numbers.index(chosen) if chosen in numbers else -1,
        lambda index: set_query(picture=str(numbers[index])),
    )
    with st.container(horizontal=True):
        if count > A_PAGE:
            page_turning(f"own-{user_set.id}", "page", start, A_PAGE, count)
        if mine and chosen in numbers:
            words = text("own.remove", number=chosen + 1)
            action = partial(_remove, user_set, chosen)
            st.button(words, on_click=_do, args=(action,), key="own.remove")
        elif mine:
            st.caption(text("own.remove_hint"))


def _do(action: Callable[[], str]) -> None:
    """Run an action at a click; the next script run shows its message or its error."""
    mine = session().collecting
    try:
        mine.told = action()
    except UserError as error:
        mine.told = error.message


def _remove(user_set: UserSet, number: int) -> str:
    user_sets().remove(user_set.id, number, visitor())
    set_query(picture="")
    return text("own.removed", number=number + 1)


def _rename(user_set: UserSet) -> None:
    key = f"own.name.{user_set.id}"
    st.text_input(text("own.name"), user_set.name, max_chars=MAX_NAME, key=key)

    def rename() -> str:
        renamed = user_sets().rename(user_set.id, st.session_state[key], visitor())
        return text("own.renamed", name=renamed.name)

    st.button(text("own.rename"), on_click=_do, args=(rename,))


def _delete(user_set: UserSet) -> None:
    def delete() -> str:
        user_sets().delete(user_set.id, visitor())
        service().forget_pictures(user_set.image_set)
        _leave()
        return text("own.deleted")

    st.caption(text("own.delete_hint"))
    label = text("own.delete", count=user_set.count)
    st.button(label, icon=":material/delete:", key="own.delete", on_click=_do, args=(delete,))


page_frame("Your pictures", page)
