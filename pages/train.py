"""Train: choose what to train, watch it learn, compare runs."""

import streamlit as st

from ae_core.connection import ServiceUnavailable
from ae_core.data import ImageSetCorrupt, ImageSetUnavailable, card, is_available
from ae_core.drawing import network_drawing
from ae_core.estimate import seconds
from ae_core.own_images import is_gone
from ae_core.pictures import contact_sheet
from ae_core.plan import PlannedLayer, parameters
from ae_core.refit import image_shape, plan_of
from ae_core.specs import TrainingSpec, to_json
from ae_core.store import StoreError, UnknownRun, UnknownSweep
from pages.shared import notice
from pages.shared.answers import gallery, service, speed
from pages.shared.code_view import code_view
from pages.shared.controls import body_select, preset_select, setting
from pages.shared.frame import frame
from pages.shared.links import put, read_settings, write_settings
from pages.shared.run_list import compare_view
from pages.shared.run_view import run_view
from pages.shared.session import draft, show_in_widget, visitor, widget
from pages.shared.sweep_set_up import sweep_set_up
from pages.shared.sweep_view import sweep_view
from pages.shared.text import text
from pages.shared.wording import LABELS, duration

VIEWS = ("Set up", "Watch", "Compare")
GROUPS = {
    "Pictures": ("image_set", "image_size", "split", "augment"),
    "Network": ("latent_dim", "bottleneck", "encoder", "decoder"),
    "Noise": ("kind", "amount", "where"),
    "Learning": ("epochs", "loss", "optimizer", "learning_rate", "batch_size", "seed"),
    "More": (
        "code",
        "activation",
        "code_activation",
        "output_activation",
        "initializer",
        "components",
        "dropout",
        "pixel_scale",
        "steps_per_epoch",
        "schedule",
        "precision",
        "max_seconds",
    ),
}


def page() -> None:
    """Draw the page."""
    frame("Train")
    problem = read_settings()
    if problem:
        notice.error(problem)
    write_settings()
    view = _view()
    if view == "Set up":
        _set_up()
    elif view == "Watch":
        _watch()
    else:
        compare_view()


def _view() -> str:
    current = st.query_params.get("view") or ("Watch" if "run" in st.query_params else "Set up")
    show_in_widget("train.view", current if current in VIEWS else "Set up")
    chosen = st.segmented_control(
        "View", VIEWS, key="train.view", label_visibility="collapsed", on_change=_take_view
    )
    return chosen or "Set up"


def _take_view() -> None:
    put(view=widget("train.view") or st.query_params.get("view", "Set up"))


def _set_up() -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        preset_select()
        _train_button()
        sweep_set_up()
        linked = st.query_params.get("show", "")
        if linked in LABELS:
            draft().group = _group_of(linked)
        show_in_widget("train.group", draft().group)
        st.segmented_control(
            "Settings", list(GROUPS), key="train.group", width="stretch", on_change=_take_group
        )
        _group(draft().group)
    with right:
        _network()


def _take_group() -> None:
    put(show="")
    draft().group = widget("train.group") or draft().group


def _group(group: str) -> None:
    spec = draft().spec
    if group == "Network":
        body_select()
    for name in GROUPS[group]:
        if name == "latent_dim" and spec.autoencoder.code == "map":
            st.caption(f"Code size: {spec.autoencoder.latent_dim}, the encoder's last feature map")
        elif name not in _without_effect(spec):
            setting(name)
        if name == "bottleneck" and spec.autoencoder.bottleneck == "variational":
            setting("beta")
            setting("total_correlation")
        if name == "bottleneck" and spec.autoencoder.bottleneck == "sparse":
            setting("sparsity")
        if name == "loss" and spec.loss == "gaussian-nll":
            setting("sigma")


def _without_effect(spec: TrainingSpec) -> set[str]:
    """Return the settings that change nothing, given the others."""
    idle = {"amount", "where"} if spec.corruption.kind == "none" else set()
    return idle | ({"code"} if spec.autoencoder.bottleneck == "variational" else set())


def _train_button() -> None:
    mine = draft()
    blocked = bool(mine.rejected)
    pressed = st.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=blocked,
        key="train.start",
    )
    if blocked:
        st.caption("Correct this first: " + ", ".join(map(_place, mine.rejected)))
    if not pressed:
        return
    try:
        run_id = service().submit(mine.spec, visitor(), mine.preset)
    except (ValueError, ImageSetCorrupt, StoreError) as error:  # Busy is a ValueError
        notice.error(str(error))
        return
    put(run=run_id, sweep="", replay="", view="Watch")
    st.rerun()


def _place(name: str) -> str:
    """Return where on the page a setting is, in its words."""
    return f"{_group_of(name)} → {LABELS[name]}"


def _group_of(name: str) -> str:
    beside = {"sigma": "loss"}  # it is shown below; what belongs to the bottleneck is in Network
    name = beside.get(name, name)
    return next((group for group, names in GROUPS.items() if name in names), "Network")


def _network() -> None:
    spec = draft().spec
    known = card(spec.image_set)
    shape = image_shape(spec)
    layers = plan_of(spec)
    pixels, numbers = shape[0] * shape[1] * shape[2], spec.autoencoder.latent_dim
    with st.container(horizontal=True, gap="large"):
        st.metric("Parameters", f"{parameters(layers):,}", width="content")
        st.metric(
            "Compression",
            f"{pixels / numbers:.3g} : 1",
            help=f"{pixels:,} pixels of a picture against {numbers:,} numbers of its code.",
            width="content",
        )
        st.metric("Time, about", _estimate(layers), width="content")
    st.html(network_drawing(layers))
    if is_gone(spec.image_set):
        st.info(text("own.gone"))
        return
    if not is_available(spec.image_set):
        st.info(f"{known.title} is not on this server yet: Train downloads it first, if it can.")
        return
    with st.spinner(f"Loading {notice.plain(known.title)} …"):
        try:
            shown = gallery(to_json(spec), 0, 8)
        except (ValueError, ImageSetUnavailable, ImageSetCorrupt, ServiceUnavailable) as error:
            notice.warning(str(error))
            return
    st.caption(f"{notice.plain(known.title)}: {known.about}")
    st.image(contact_sheet(shown.images[None]), width="stretch")
    code_view("set-up", spec)


def _estimate(layers: tuple[PlannedLayer, ...]) -> str:
    spec = draft().spec
    try:
        return duration(seconds(spec, layers, card(spec.image_set), speed()))
    except ServiceUnavailable:
        return "–"


def _watch() -> None:
    run_id = st.query_params.get("run", "")
    sweep_id = "" if run_id else st.query_params.get("sweep", "")
    if not run_id and not sweep_id:  # the visitor's newest one
        run_id = next(iter(service().runs(visitor())), "")
        sweep_id = service().snapshot(run_id).sweep if run_id else ""
    if sweep_id:
        _watch_sweep(sweep_id)
        return
    if not run_id:
        st.info("Nothing is training yet. Choose a preset under **Set up** and press **Train**.")
        return
    try:
        run_view(run_id)
    except UnknownRun as error:
        notice.error(f"{error}. Your own runs are under Compare.")


def _watch_sweep(sweep_id: str) -> None:
    try:
        sweep_view(sweep_id)
    except UnknownSweep as error:
        notice.error(text("sweep.unknown", problem=error))


page()
