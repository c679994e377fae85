"""Shows the Keras script of a run, and offers it for download."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ae_core.export.files import OLDEST_KERAS
from ae_core.export.keras_script import PICTURE_FILE, needs_file, source
from ae_core.export.notebook import notebook
from ae_core.models.compatibility import image_shape
from ae_core.specs import TrainingSpec
from pages.ui.backend.images import picture_file
from pages.ui.backend.models import keras_file
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.widgets.download_menu import File, download_menu


def code_view(
    place: str,
    spec: TrainingSpec,
    trained: TrainedAutoencoder | None = None,
    take_home: Callable[[TrainedAutoencoder], None] = lambda _: None,
) -> None:
    """Show the script of a spec in an expander, and offer it with related files.

    Args:
        place: a place on the page or a run, for the widgets' keys.
        spec: the spec of a run or of the draft.
        trained: the trained model, if there is one.
        take_home: offers it as a file that draws by itself.
    """
    shape = image_shape(spec)
    files = [
        File(
            text("code.script"),
            "autoencoder.py",
            lambda: source(spec, shape).encode(),
            "text/x-python",
        ),
        File(
            text("code.notebook"),
            "autoencoder.ipynb",
            lambda: notebook(spec, shape),
            "application/x-ipynb+json",
        ),
    ]
    if trained is not None:
        make = partial(keras_file, trained.file)
        files.append(File(text("code.model"), "autoencoder.keras", make, "application/zip"))
    with st.container(horizontal=True, vertical_alignment="center"):
        if trained is not None:
            take_home(trained)
        with notice.refusals():
            download_menu(f"code.{place}", files, label=text("code.files"))
        if needs_file(spec):
            make = partial(picture_file, spec.images)
            images = [File(text("code.picture_file"), PICTURE_FILE, make, "application/zip")]
            with notice.refusals():
                download_menu(f"pictures.{place}", images, label=text("code.pictures"))
    beside = f" {text('code.beside')}" if needs_file(spec) else ""
    opens = f" {text('code.model_opens', version=OLDEST_KERAS)}" if trained is not None else ""
    st.caption(text("code.open_in") + beside + opens)
    with st.expander(
        text("code.title"), icon=":material/code:", key=f"code.{place}", on_change="rerun"
    ) as opened:
        if opened.open:
            st.caption(text("code.about"))
            st.code(source(spec, shape), language="python", height=480)
