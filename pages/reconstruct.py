"""The Reconstruct page: an image and its reconstructions by an autoencoder, PCA and JPEG."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.data import image_files
from ae_core.data.drawing import DRAWING_SIDE, centre_digit
from ae_core.errors import UserError
from ae_core.evaluation import baselines
from ae_core.models import inference
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import Reconstruction
from pages.ui.backend.evaluation import test_baselines
from pages.ui.backend.models import test_reconstruction
from pages.ui.backend.service import answer, read_upload
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import size
from pages.ui.pickers.gallery_picker import gallery_picker
from pages.ui.pickers.model_select import model_select
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.shell.frame import page_frame
from pages.ui.state.query_params import linked_choice
from pages.ui.state.session import Upload, session
from pages.ui.streamlit_adapter import UploadedFile, drop_upload
from pages.ui.widgets.drawing_canvas import drawing_canvas
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric
from pages.ui.widgets.waiting import waiting

A_PAGE = 24  # test images
MIN_WIDTH = 70  # CSS pixels per image: all fit into one row, even on a phone


def page() -> None:
    """Draw the page."""
    left, right = st.columns([5, 9], gap="large")
    with left:
        model = model_select("reconstruct", models)
        title = notice.plain(image_set_title(model.spec.image_set))
        st.caption(
            text(
                "reconstruct.model",
                origin=model.origin,
                pictures=title,
                numbers=model.spec.autoencoder.latent_dim,
            )
        )
        source = linked_choice(
            "source",
            text("reconstruct.picture"),
            tuple(SOURCES),
            "reconstruct",
            words="reconstruct.source",
        )
        chosen = SOURCES[source](model)
    with right:
        if chosen is None:
            st.info(text("reconstruct.begin"))
            return
        with notice.refusals():
            _results(model, chosen)


def _test_image(model: TrainedAutoencoder) -> int | None:
    """Let the visitor choose a test image and return its number."""
    try:
        with waiting(text("reconstruct.loading"), "gallery", model.spec.images):
            return gallery_picker(f"picker-{model.id}", model.spec.images, A_PAGE)
    except UserError as error:
        notice.warning(text("reconstruct.no_pictures", problem=error))
        return None


def _uploaded(model: TrainedAutoencoder) -> np.ndarray | None:
    """Return the visitor's upload in the model's image shape, (H, W, C) in [0, 1]."""
    upload = session().upload
    # Each file gets a new widget, because the old one has lost its file.
    key = f"reconstruct.file.{upload.id if upload else ''}"
    file = st.file_uploader(text("reconstruct.upload", kinds=image_files.KINDS), key=key)
    st.caption(text("reconstruct.in_memory"))
    if file is not None:
        with notice.refusals():
            session().upload = _read(file)
            st.rerun()
        return None
    if upload is None:
        return None
    st.button(text("reconstruct.forget"), on_click=_forget)
    array = images.to_array(images.to_pillow(upload.square), image_shape(model.spec))
    inverted = st.toggle(text("reconstruct.invert"), key="reconstruct.invert")
    return 1 - array if inverted else array


def _read(file: UploadedFile) -> Upload:
    try:
        with st.spinner(text("reconstruct.reading")):
            return Upload(read_upload(image_files.open_square, file.getvalue(), file.name))
    finally:
        drop_upload(file)


def _forget() -> None:
    session().upload = None


def _drawn(model: TrainedAutoencoder) -> np.ndarray | None:
    """Return the visitor's drawing in the model's image shape, (H, W, C) in [0, 1]."""
    drawing = None
    with notice.refusals():
        drawing = drawing_canvas("reconstruct", DRAWING_SIDE)
    if drawing is None:
        return None
    # Centred at full size, then reduced: centring a small image would blur it.
    return images.reduced(centre_digit(drawing), image_shape(model.spec))


SOURCES: dict[str, Callable[[TrainedAutoencoder], int | np.ndarray | None]] = {
    "Test pictures": _test_image,
    "Upload": _uploaded,
    "Draw": _drawn,
}


def _results(model: TrainedAutoencoder, chosen: int | np.ndarray) -> None:
    with st.spinner(text("reconstruct.reconstructing")):
        if isinstance(chosen, int):
            image, ours = test_reconstruction(model.file, chosen)
        else:
            image, ours = chosen, answer(inference.reconstruct, model.file, chosen)
    _reconstruction_view(image, ours)
    with st.spinner(text("reconstruct.fitting")):
        if isinstance(chosen, int):
            others, missing = test_baselines(model.file, chosen)
        else:
            others, missing = answer(baselines.baselines_of, model.file, image)
    _baselines_view(ours, others)
    if missing:
        notice.info(text("reconstruct.no_pca", problem=missing))


def _reconstruction_view(image: np.ndarray, ours: Reconstruction) -> None:
    """Show an image (H, W, C) in [0, 1], its reconstruction and the error."""
    _figures(ours)
    error = images.error_map(image, ours.image)
    original = f"<b>{text('reconstruct.original')}</b><br>{size(image.size)}"
    error_words = f"<b>{text('reconstruct.error')}</b><br>{text('reconstruct.error_scale')}"
    captions = (original, _words(ours, ours), error_words)
    image_row((image, ours.image, error), captions, MIN_WIDTH)


def _baselines_view(ours: Reconstruction, others: list[Reconstruction]) -> None:
    """Show the reconstruction next to those of the baselines, and say which is best."""
    st.markdown(f"##### {_verdict(ours, others)}")
    shown = (ours, *others)
    image_row((each.image for each in shown), (_words(each, ours) for each in shown), MIN_WIDTH)


def _figures(ours: Reconstruction) -> None:
    with st.container(horizontal=True, gap="medium"):
        for label, value, about in (
            ("PSNR", f"{ours.psnr:.1f} dB", text("reconstruct.psnr_help")),
            ("SSIM", f"{ours.ssim:.3f}", text("reconstruct.ssim_help")),
            ("MSE", f"{ours.mse:.4f}", text("reconstruct.mse_help")),
            (text("reconstruct.code"), f"{ours.bytes:,} B", text("reconstruct.code_help")),
        ):
            metric(label, value, about)


def _words(made: Reconstruction, ours: Reconstruction) -> str:
    """Return the caption of an image as HTML; it contains no visitor's text."""
    kept = size(made.bytes)
    if made.latent_dim:
        kept = text("reconstruct.numbers", count=made.latent_dim)
    if made.bytes > ours.bytes:
        kept = text("reconstruct.smallest", kept=kept)
    return f"<b>{made.name}</b>, {made.psnr:.1f} dB<br>{kept}"


def _verdict(ours: Reconstruction, others: list[Reconstruction]) -> str:
    fair = [each for each in others if each.bytes <= ours.bytes]
    best = max(fair, key=lambda each: each.psnr, default=None)
    if best is None:
        return text("reconstruct.verdict.alone")
    gap = ours.psnr - best.psnr
    if abs(gap) < 0.05:
        return text("reconstruct.verdict.equal", baseline=best.name)
    key = "reconstruct.verdict.ahead" if gap > 0 else "reconstruct.verdict.behind"
    return text(key, baseline=best.name, gap=f"{abs(gap):.1f}")


page_frame("Reconstruct", page)
