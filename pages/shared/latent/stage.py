"""What all views of the Latent space page look at: a model, what is known of it, and a code."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ae_core import exploration
from ae_core.atlas import Atlas
from ae_core.paths import code_from_text
from pages.shared import live_decoder, notice
from pages.shared.answers import service
from pages.shared.models import TrainedModel
from pages.shared.tiles import data_url


@dataclass(frozen=True)
class Stage:
    """One model, others that get the same codes, and where the visitor is.

    Attributes:
        models: the first is the one whose codes are shown.
        atlas: of the first.
        code: (D,).
    """

    models: tuple[TrainedModel, ...]
    atlas: Atlas
    code: np.ndarray

    @property
    def model(self) -> TrainedModel:
        """The one whose codes are shown."""
        return self.models[0]

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Return the first model's pictures of codes (N, D), (N, H, W, C) uint8."""
        return service().connection.answer(exploration.decode, self.model.file, codes)

    def pictures(self, code: np.ndarray) -> dict[str, Any]:
        """Bring all decoders into the browser and return what its views need for pictures.

        Args:
            code: (D,) of which a picture is made here where a decoder is too large.
        """
        shown, large = [], False
        for model in self.models:
            still = ""
            if not live_decoder.mount(model):
                answer = service().connection.answer
                picture = answer(exploration.decode, model.file, code[np.newaxis])[0]
                still, large = data_url(picture / 255), True
            shown.append({"id": model.id, "title": model.title, "still": still})
        words = "This decoder is too large for the browser: the picture follows when you let go."
        return {"models": tuple(shown), "status": words if large else ""}


def linked_code(name: str, atlas: Atlas) -> np.ndarray:
    """Return the code (D,) that stands in the address, the mean of the training codes if none.

    The mean has as many decimals as the address can say, so that a link to it shows the same.
    """
    mean = np.round(atlas.mean, 3)
    written = st.query_params.get(name)
    if written is None:
        return mean
    try:
        return code_from_text(written, atlas.latent_dim)
    except ValueError as error:
        notice.error(f"{error}. Shown instead: the mean of the training codes.")
        return mean
