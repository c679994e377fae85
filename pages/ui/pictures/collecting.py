"""Lets visitors add images to their own set: drawings on a canvas, or uploaded files.

Files are read in memory and dropped at once; the app stores their images only after the visitor
confirms with a button.
"""

from dataclasses import replace

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.data import image_files, uploads
from ae_core.data.user_image_sets import user_sets
from ae_core.data.user_set_store import MAX_IMAGES
from ae_core.data.user_sets import UserSet
from ae_core.errors import UserError
from ae_core.images.drawing import DRAWING_SIDE, centre_digit
from pages.ui.backend.service import read_upload, take_upload
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.query_params import linked_choice
from pages.ui.state.session import session
from pages.ui.widgets.drawing_canvas import drawing_canvas
from pages.ui.widgets.image_picker import image_picker
from pages.ui.widgets.images import data_urls

SOURCES = ("Draw", "Upload")
CANVAS_PIXELS = 260  # small enough to keep the button below visible on a laptop
SHOWN = 60  # uploaded images in the preview
NAMED = 8  # unusable files in the message


def add_pictures(user_set: UserSet) -> None:
    """Let the visitor add images to a set."""
    source = linked_choice("source", text("own.add"), SOURCES, "own", words="own.source")
    if source == "Draw":
        _draw(user_set)
    else:
        _upload(user_set)


def _draw(user_set: UserSet) -> None:
    mine = session().collecting
    drawing = None
    with notice.refusals():
        drawing = drawing_canvas(f"own.{user_set.id}.{mine.drawings}", DRAWING_SIDE, CANVAS_PIXELS)
    pressed = st.button(
        text("own.keep_drawing"), type="primary", disabled=drawing is None, key="own.keep_drawing"
    )
    st.caption(text("own.draw_hint"))
    if not pressed or drawing is None:
        return
    # Centred at full size, as on the Reconstruct page.
    small = images.reduced(centre_digit(drawing), (user_set.side, user_set.side, 1))
    with notice.refusals():
        now = user_sets().add(user_set.id, images.to_bytes_range(small[np.newaxis]))
        mine.drawings += 1
        mine.told = text("own.drawn", count=now.count)
        st.rerun()


def _upload(user_set: UserSet) -> None:
    mine = session().collecting
    files = st.file_uploader(
        text("own.choose", kinds=image_files.KINDS),
        accept_multiple_files=True,
        key=f"own.files.{mine.readings}",
    )
    st.caption(text("own.choose_hint", most=image_files.MAX_BYTES >> 20))
    if files:
        contents = [(file.name, take_upload(file)) for file in files]
        _read(user_set, contents)
        st.rerun()
    if mine.problem:
        notice.error(mine.problem)
    batch = mine.batch
    if batch is None or batch.pixels.shape[1] != user_set.side:  # it belongs to another set
        return
    if len(batch.pixels):
        _review(user_set, batch)
    else:
        notice.warning(text("own.nothing_read"))
    _left_out(batch)


def _read(user_set: UserSet, files: list[tuple[str, bytes]]) -> None:
    mine = session().collecting
    room = MAX_IMAGES - user_set.count
    mine.readings += 1
    mine.batch, mine.problem = None, None
    try:
        with st.spinner(text("own.reading")):
            mine.batch = read_upload(uploads.read_files, files, user_set.side, room)
    except UserError as error:
        mine.problem = error.message


def _review(user_set: UserSet, batch: uploads.Batch) -> None:
    """Show the images from the files, and let the visitor keep or discard them."""
    mine = session().collecting
    count = len(batch.pixels)
    invert = st.toggle(text("own.invert"), key=f"own.invert.{mine.readings}")
    pixels = 255 - batch.pixels if invert else batch.pixels
    key = "own.read" if count <= SHOWN else "own.read_some"
    st.caption(text(key, count=count, shown=SHOWN))

    def leave_out(index: int) -> None:
        mine.batch = replace(batch, pixels=np.delete(batch.pixels, index, axis=0))

    names = tuple(text("own.tile", number=i + 1) for i in range(min(count, SHOWN)))
    key = f"own-batch-{mine.readings}-{count}-{invert}"
    image_picker(key, data_urls(pixels[:SHOWN]), names, -1, leave_out)
    with st.container(horizontal=True):
        keep = st.button(
            text("own.keep_uploads", count=count), type="primary", key="own.keep_uploads"
        )
        st.button(text("own.forget_uploads"), on_click=_forget)
    if not keep:
        return
    with notice.refusals():
        now = user_sets().add(user_set.id, pixels)
        mine.batch = None
        mine.told = text("own.uploaded", added=count, count=now.count)
        st.rerun()


def _forget() -> None:
    session().collecting.batch = None


def _left_out(batch: uploads.Batch) -> None:
    """Show which files were left out and why; file names are shown literally."""
    if batch.left_out:
        lines = [f"- {notice.said(sentence)}" for sentence in batch.left_out[:NAMED]]
        more = len(batch.left_out) - NAMED
        if more > 0:
            lines.append(f"- {text('own.and_more', count=more)}")
        head = text("own.left_out", count=len(batch.left_out))
        st.warning("\n".join([head, "", *lines]))
    if batch.beyond:
        st.warning(text("own.beyond", count=batch.beyond, most=MAX_IMAGES))
    if batch.archives:
        st.warning(text("own.archives", count=batch.archives))
    if batch.folders:
        st.caption(text("own.folders", count=batch.folders))
