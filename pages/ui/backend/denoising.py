"""What becomes of a noisy picture: of the app's own ones remembered for all visitors."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ae_core.denoising import denoise
from pages.ui.backend.caching import KEYS
from pages.ui.backend.service import service
from pages.ui.state.session import session_cached

MOST = 400  # answers, each at most 0.1 MB: a class moves one slider over the same few faces
_WORK: Mapping[str, Callable[..., Any]] = {
    "denoised": denoise.denoise,
    "classical": denoise.classical,
    "squeezed": denoise.squeezed,
}


def noise_answer(work: str, key: object, *question: Any, shared: bool, **options: Any) -> Any:
    """Return what a worker makes of a picture.

    Args:
        work: ``denoised``, ``classical`` or ``squeezed``, functions of `ae_core.denoising.denoise`.
        key: another one for every question.
        question: to the function.
        shared: whether the picture is one of the app's own and of 64×64 pixels: else the answer
            is the visitor's, and only the last one is kept.
        options: to the function.

    Raises:
        ServiceUnavailable: see `ae_core.service.connection.Connection.answer`.
    """

    def ask() -> Any:
        return service().connection.answer(_WORK[work], *question, **options)

    return _remembered(work, key, ask) if shared else session_cached(work, key, ask)


@st.cache_resource(show_spinner=False, max_entries=MOST, hash_funcs=KEYS)
def _remembered(work: str, key: object, _ask: Callable[[], Any]) -> Any:
    return _ask()
