"""What every visitor is answered alike: the one service, and what its workers said, remembered.

The only file that names ``st.cache_*``; nothing of a visitor's own picture is remembered here.
"""

import gc
import json
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import streamlit as st

from ae_core import (
    exploration,
    exports,
    galleries,
    inference,
    lesson_measures,
    measuring,
    photos,
    rivals,
    surprise,
)
from ae_core.atlas import Atlas
from ae_core.connection import Connection
from ae_core.inference import ModelFile
from ae_core.lesson_figures import Measured
from ae_core.lesson_reader import lesson_files, read_lesson
from ae_core.lessons import Lesson
from ae_core.matches import MatchBook
from ae_core.own_images import is_own
from ae_core.pretrained import atlas_of
from ae_core.rate_curves import Curve
from ae_core.replay import Film, film_of
from ae_core.service import TrainingService
from ae_core.store import RunStore, runs_dir

ROOT = Path(__file__).resolve().parents[2]
MODELS = 64  # whose decoders and atlases, about 1 MB each, are remembered
FILMS = 16  # of runs that are replayed, up to 2 MB each
NEIGHBOURS = 1000  # test pictures on a map of neighbours, which takes seconds to work out


@st.cache_resource(show_spinner=False)
def service() -> TrainingService:
    """Return the one training service of this server; its workers start in the background."""
    store = RunStore(runs_dir())
    connection = Connection(os.environ.get("AE_SCHEDULER", ""))
    connection.warm()
    made = TrainingService(store, connection)
    # Everything imported by now lives as long as the server: the collector need not look at it
    # again (165 ms of standstill a time, before).
    gc.collect()
    gc.freeze()
    return made


@st.cache_resource(show_spinner=False)
def match_book() -> MatchBook:
    """Return the results of "match the target" on this server."""
    return MatchBook(service().store.root)


@st.cache_data(show_spinner=False)
def sample_faces() -> list[tuple[str, np.ndarray]]:
    """Return faces for who does not want to upload one; see `ae_core.photos.samples`."""
    return service().connection.answer(photos.samples)


Asked = TypeVar("Asked", bound=Callable[..., Any])


def _forgetting(remembered: Asked) -> Asked:
    """Make a remembered answer about visitors' own pictures be asked for anew every time.

    They may change, and nothing of them stays when they are deleted. The first argument is a
    model, a spec as JSON or the name of an image set.
    """

    @wraps(remembered)
    def ask(about: Any, *others: Any) -> Any:
        spec_json = about.spec_json if isinstance(about, ModelFile) else about
        image_set = json.loads(spec_json)["image_set"] if "{" in spec_json else spec_json
        asked = remembered.__wrapped__ if is_own(image_set) else remembered  # type: ignore[attr-defined]
        return asked(about, *others)

    return cast("Asked", ask)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def gallery(spec_json: str, start: int, count: int) -> galleries.Gallery:
    """Return test pictures of a spec's image set; see `ae_core.galleries.gallery`."""
    return service().connection.answer(galleries.gallery, spec_json, start, count)


@st.cache_data(show_spinner=False, max_entries=64)
def speed() -> inference.Speed:
    """Return how fast this machine multiplies; measured once."""
    return service().connection.answer(inference.measure_speed)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_rendition(model: ModelFile, number: int) -> tuple[np.ndarray, inference.Rendition]:
    """Return test picture ``number`` of a model's image set and its reconstruction."""
    return service().connection.answer(inference.reconstruct_test, model, number)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_rivals(model: ModelFile, number: int) -> tuple[list[inference.Rendition], str]:
    """Return what PCA and JPEG make of test picture ``number``."""
    return service().connection.answer(rivals.rivals_test, model, number)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def pca_by_size(
    image_set: str, image_size: int, split: str, sizes: tuple[int, ...], shown: int
) -> rivals.PcaBySize:
    """Return what PCA makes of test pictures by size; see `ae_core.rivals.pca_by_size`."""
    return service().connection.answer(
        rivals.pca_by_size, image_set, image_size, split, sizes, shown
    )


@st.cache_resource(show_spinner=False, max_entries=FILMS)
def film(run_id: str, epochs: int) -> Film:
    """Return the moments of a run's first epochs, packed; without any it has no epochs.

    Args:
        run_id: of the run.
        epochs: how many are complete: what is remembered of a live run is soon out of date.
    """
    moments = [moment for moment in service().moments(run_id) if moment.epoch <= epochs]
    return film_of(moments) if moments else Film((), b"", b"")


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def live_decoder(model: ModelFile, name: str) -> bytes:
    """Return a decoder for the browser; see `ae_core.exploration.live_decoder`."""
    return exploration.stored_decoder(model, name) or service().connection.answer(
        exploration.live_decoder, model, name
    )


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def atlas(model: ModelFile) -> Atlas:
    """Return what is known of a model's codes, of one of the app's without test pictures' codes."""
    kept = atlas_of(Path(model.path))
    if kept.is_file():
        return Atlas.from_bytes(kept.read_bytes())
    return service().connection.answer(exploration.explore, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def whole_atlas(model: ModelFile) -> Atlas:
    """Return `atlas` with the codes of test pictures, for which their image set is needed."""
    known = atlas(model)
    if len(known.codes):
        return known
    return service().connection.answer(exploration.explore, model)


@st.cache_resource(show_spinner=False, max_entries=MODELS)
def neighbour_map(model: ModelFile) -> np.ndarray:
    """Return points (N, 2) of the first test codes; see `ae_core.exploration.neighbours`."""
    codes = whole_atlas(model).codes[:NEIGHBOURS]
    return service().connection.answer(exploration.neighbours, codes)


@st.cache_resource(show_spinner=False, max_entries=4)
def keras_file(model: ModelFile) -> bytes:
    """Return a model for Keras; see `ae_core.exports.keras_file`."""
    return service().connection.answer(exports.keras_file, model)


@_forgetting
@st.cache_resource(show_spinner=False, max_entries=2)
def picture_file(image_set: str, image_size: int, split: str) -> bytes:
    """Return a set's pictures, tens of megabytes; see `ae_core.exports.picture_file`."""
    return service().connection.answer(exports.picture_file, image_set, image_size, split)


@st.cache_data(show_spinner=False, max_entries=256)
def test_code(model: ModelFile, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the code of test picture ``number``; see `ae_core.exploration.encode`."""
    return service().connection.answer(exploration.encode_test, model, number)


@st.cache_data(show_spinner=False, max_entries=256)
def lesson_measure(
    what: str, settings: tuple[tuple[str, str | int | float], ...], model: ModelFile | None
) -> Measured:
    """Return what a lesson measures; see `ae_core.lesson_measures.measure`."""
    return service().connection.answer(lesson_measures.measure, what, settings, model)


@st.cache_resource(show_spinner=False, max_entries=8)
def lessons(language: str) -> tuple[dict[str, Lesson], tuple[str, ...]]:
    """Return the lessons of a language by their names, and what is wrong with unreadable ones."""
    found, problems = {}, []
    for path in lesson_files(language):
        try:
            found[path.stem] = read_lesson(path)
        except ValueError as error:
            problems.append(str(error))
    return found, tuple(problems)


@st.cache_data(show_spinner=False, max_entries=MODELS)
def code_rates(model: ModelFile) -> measuring.CodeRates:
    """Return what a model's codes take; see `ae_core.measuring.code_rates`."""
    return service().connection.answer(measuring.code_rates, model)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def pca_rates(image_set: str, image_size: int, split: str) -> Curve:
    """Return what principal components take; see `ae_core.measuring.pca_rates`."""
    return service().connection.answer(measuring.pca_rates, image_set, image_size, split)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=16)
def jpeg_rates(image_set: str, image_size: int) -> tuple[Curve, Curve]:
    """Return what JPEG takes; see `ae_core.measuring.jpeg_rates`."""
    return service().connection.answer(measuring.jpeg_rates, image_set, image_size)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_image(spec_json: str, number: int) -> np.ndarray:
    """Return test picture ``number`` (H, W, C) in [0, 1] of a spec's image set."""
    return service().connection.answer(galleries.test_picture, spec_json, number)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def known_scores(model: ModelFile) -> surprise.Scored:
    """Return how surprising a model finds pictures of its own image set."""
    return service().connection.answer(surprise.score_known, model)


@_forgetting
@st.cache_data(show_spinner=False, max_entries=MODELS)
def unknown_scores(model: ModelFile, image_set: str) -> surprise.Scored:
    """Return how surprising a model finds pictures of another image set."""
    return service().connection.answer(surprise.score_unknown, model, image_set)
