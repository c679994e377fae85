"""The Train page's Set up: a preset, its settings by group, and the resulting network."""

import math

import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import ServiceUnavailable, UserError
from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.precision import resolve_precision
from ae_core.models.shapes import LayerShape, parameters
from ae_core.service.run_memory import check_run_memory
from ae_core.specs import TrainingSpec, flatten
from ae_core.specs.losses import BOTTLENECKS, LOSSES
from ae_core.specs.serialization import OLD_NAMES
from ae_core.training.estimate import seconds
from pages.ui.backend.images import gallery_sheet
from pages.ui.backend.service import speed
from pages.ui.backend.submission import refusal, submit_run
from pages.ui.charts.network_diagram import network_drawing
from pages.ui.classroom.limits import class_note
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_about, image_set_title
from pages.ui.i18n.text import number, slug, text
from pages.ui.i18n.wording import duration, label
from pages.ui.state.query_params import set_query
from pages.ui.state.session import session
from pages.ui.train.code_view import code_view
from pages.ui.train.controls import body_select, preset_select, setting
from pages.ui.train.sweep_set_up import sweep_set_up
from pages.ui.widgets.metric import metric
from pages.ui.widgets.waiting import waiting

SHOWN_IMAGES = 8
GROUPS = {
    "Pictures": ("image_set", "channels", "image_size", "split", "augment"),
    "Network": ("latent_dim", "bottleneck", "encoder", "decoder"),
    "Noise": ("noise_kind", "noise_amount", "noise_stage"),
    "Learning": ("epochs", "loss", "optimizer", "learning_rate", "batch_size", "seed"),
    "More": (
        "code_type",
        "activation",
        "code_activation",
        "output_activation",
        "initializer",
        "pca_components",
        "dropout",
        "pixel_scale",
        "steps_per_epoch",
        "schedule",
        "precision",
        "max_seconds",
    ),
}


def set_up_view() -> None:
    """Let the visitor set up a training and start it."""
    left, right = st.columns([5, 6], gap="large")
    with left:
        preset_select()
        _train_button()
        sweep_set_up()
        class_note(session().draft.spec)
        linked = st.query_params.get("show", "")
        linked = OLD_NAMES.get(linked, linked)
        if linked in flatten(session().draft.spec):
            session().draft.group = _group_of(linked)
        st.session_state["train.group"] = session().draft.group
        st.segmented_control(
            text("train.groups"),
            list(GROUPS),
            format_func=_group_in_words,
            key="train.group",
            width="stretch",
            wrap=True,
            on_change=_take_group,
        )
        _group(session().draft.group)
    with right:
        _network()


def _group_in_words(group: str) -> str:
    return text(f"train.group.{slug(group)}")


def _take_group() -> None:
    set_query(show="")
    session().draft.group = st.session_state["train.group"] or session().draft.group


def _group(group: str) -> None:
    spec = session().draft.spec
    if group == "Network":
        body_select()
    for name in GROUPS[group]:
        if name == "latent_dim" and spec.autoencoder.code_type == "feature_map":
            st.caption(text("train.code_is_map", numbers=spec.autoencoder.latent_dim))
        elif name not in _without_effect(spec):
            setting(name)
        if name == "bottleneck":
            for term in BOTTLENECKS[spec.autoencoder.bottleneck]:
                setting(term.weight)
        if name == "loss" and LOSSES[spec.loss].has_sigma:
            setting("sigma")
        if name == "precision" and spec.precision == "auto":
            st.caption(text(f"train.auto_{resolve_precision(spec)}"))


def _without_effect(spec: TrainingSpec) -> set[str]:
    """Return the settings that have no effect, given the others."""
    idle = {"noise_amount", "noise_stage"} if spec.corruption.noise_kind == "none" else set()
    idle |= {"channels"} if len(card(spec.image_set).channels) == 1 else set()
    return idle | ({"code_type"} if spec.autoencoder.is_variational else set())


def _train_button() -> None:
    mine = session().draft
    too_large = _memory_refusal(mine.spec)
    blocked = bool(mine.rejected) or too_large is not None
    pressed = st.button(
        text("train.start"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=blocked,
        key="train.start",
    )
    if mine.rejected:
        st.caption(text("train.correct", places=", ".join(map(_place, mine.rejected))))
    if too_large is not None:
        notice.error(too_large)
    if not pressed:
        return
    with notice.refusals(refusal):
        run_id = submit_run(mine.spec, mine.preset)
        set_query(run=run_id, sweep="", replay="", view="Watch")
        st.rerun()


def _memory_refusal(spec: TrainingSpec) -> UserError | None:
    try:
        check_run_memory(spec)
    except UserError as refused:
        return refused
    return None


def _place(name: str) -> str:
    """Return a text with a setting's place on the page."""
    return f"{_group_in_words(_group_of(name))} → {label(name)}"


def _group_of(name: str) -> str:
    beside = {"sigma": "loss"}  # shown below it; the bottleneck's settings are in Network
    name = beside.get(name, name)
    return next((group for group, names in GROUPS.items() if name in names), "Network")


def _network() -> None:
    spec = session().draft.spec
    title = image_set_title(spec.image_set)
    layers = network_shapes(spec)
    pixels, latent_dim = math.prod(image_shape(spec)), spec.autoencoder.latent_dim
    with st.container(horizontal=True, gap="large"):
        metric(text("train.parameters"), number(parameters(layers), ","), _halves(layers))
        in_bytes = pixels / (4 * latent_dim)
        about = text("train.compression_help", pixels=pixels, numbers=latent_dim, bytes=in_bytes)
        ratio = pixels / latent_dim
        written = number(ratio, ",.0f" if ratio >= 1000 else ".3g")
        metric(text("train.compression"), f"{written} : 1", about)
        metric(text("train.time"), _estimate(layers))
    side = card(spec.image_set).native_size
    if side < image_shape(spec)[0]:  # the enlarged images have no more independent values
        values = side * side * image_shape(spec)[2]
        ratio = values / latent_dim
        st.caption(text("train.compression_enlarged", ratio=ratio, side=side, values=values))
    st.html(network_drawing(layers, lambda word: text(f"train.drawing.{slug(word)}"), number))
    known = card(spec.image_set)
    if known.gone:
        st.info(text("own.gone"))
        return
    if not known.available:
        st.info(text("train.not_here", pictures=title))
        return
    loading = text("train.loading", pictures=notice.plain(title))
    with notice.refusals(notice.warning):
        with waiting(loading, "gallery", spec.images):
            sheet = gallery_sheet(spec.images, SHOWN_IMAGES)
        st.caption(f"{notice.plain(title)}: {image_set_about(spec.image_set)}")
        st.image(sheet, width="stretch", alt=title)
        code_view("set-up", spec)


def _halves(layers: tuple[LayerShape, ...]) -> str:
    decoder = parameters([layer for layer in layers if layer.part in ("decoder", "output")])
    encoder = parameters(layers) - decoder
    return text("train.parameters_help", encoder=encoder, decoder=decoder)


def _estimate(layers: tuple[LayerShape, ...]) -> str:
    spec = session().draft.spec
    try:
        return duration(seconds(spec, layers, card(spec.image_set), speed()))
    except ServiceUnavailable:
        return "–"
