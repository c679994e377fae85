"""The state that all views of the Latent space page share: a model, its latent profile and a code.

In the address, a code is a list of values separated by commas, or ``picture:`` and the number of
the test image with that code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.latent import explore
from ae_core.latent.browser_decoder import MAX_MACS, decoder_macs
from ae_core.latent.interpolation import code_from_text, code_to_text
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from pages.ui.backend.images import gallery
from pages.ui.backend.models import test_code
from pages.ui.backend.service import answer
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.latent.component import live_words
from pages.ui.pickers import live_decoder
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.widgets.images import data_url

PICTURE = "picture:"


@dataclass(frozen=True)
class LatentView:
    """A model, other models for the same codes, and the present code.

    Attributes:
        models: the models; the codes are those of the first one.
        profile: the latent profile of the first model.
        code: (D,), the present code.
        at: the text of the code in the address, "" if there is none.
    """

    models: tuple[TrainedAutoencoder, ...]
    profile: LatentProfile
    code: np.ndarray
    at: str

    @property
    def model(self) -> TrainedAutoencoder:
        """The model whose codes are shown."""
        return self.models[0]

    @property
    def has_pictures(self) -> bool:
        """Whether this machine has the model's test images."""
        return card(self.model.spec.image_set).available

    def decoded(self, codes: np.ndarray, model: TrainedAutoencoder | None = None) -> np.ndarray:
        """Decode codes (N, D) with a model, by default the first one.

        Returns:
            (N, H, W, C) uint8.
        """
        file = (model or self.model).file
        return answer(explore.decode, file, codes)

    def images(self, codes: np.ndarray, model: TrainedAutoencoder | None = None) -> np.ndarray:
        """Return `decoded` as float32 in [0, 1]."""
        images: np.ndarray = self.decoded(codes, model) / np.float32(255)
        return images

    def live_pictures(self, code: np.ndarray) -> dict[str, Any]:
        """Send the decoders to the browser, and return the data that its views need for images.

        Args:
            code: (D,), which the server decodes if a decoder is too large for the browser.
        """
        shown, room = [], MAX_MACS
        for model in self.models:
            macs = decoder_macs(model.spec.autoencoder, image_shape(model.spec))
            still = ""
            if macs <= room:
                room -= macs
                live_decoder.mount(model)
            else:
                picture = answer(explore.decode, model.file, code[np.newaxis])[0]
                still = data_url(picture / 255)
            shown.append({"id": model.id, "title": model.title, "still": still})
        large = any(model["still"] for model in shown)
        status = text("latent.too_large") if large else ""
        return {"models": tuple(shown), "status": status, "words": live_words()}


def linked_code(
    model: TrainedAutoencoder, profile: LatentProfile, name: str, usual: str = ""
) -> np.ndarray:
    """Return the code (D,) in the address.

    Args:
        model: the model whose test images count.
        profile: the model's latent profile.
        name: the name of the parameter.
        usual: the default if the address has no valid code; "" is the mean of the training
            codes.

    Raises:
        ServiceUnavailable, ImageSetCorrupt: the code of an image is not available.
    """
    usual = _there(model, usual)
    try:
        return _read(model, profile, name, st.query_params.get(name, usual))
    except UserError as error:
        instead = text("latent.code.mean")
        if usual:
            instead = text("latent.code.picture", number=usual.removeprefix(PICTURE))
        notice.error(text("latent.code.instead", problem=error, instead=instead))
        return _read(model, profile, name, usual)


def _there(model: TrainedAutoencoder, usual: str) -> str:
    """Return the usual test image, or another one if there are only a few."""
    if not usual.startswith(PICTURE) or not card(model.spec.image_set).available:
        return usual
    number = int(usual.removeprefix(PICTURE))
    return f"{PICTURE}{number % gallery(model.spec.images, 0, 1).available}"


def _read(model: TrainedAutoencoder, profile: LatentProfile, name: str, written: str) -> np.ndarray:
    if not written:
        written = code_to_text(profile.mean)  # in the form of a link
    if not written.startswith(PICTURE):
        return code_from_text(written, profile.latent_dim, name)
    if not card(model.spec.image_set).available:
        title = image_set_title(model.spec.image_set)
        notice.info(text("latent.code.no_pictures", pictures=title))
        seed = len(name) + ord(name[0])
        return profile.fitted.sample(np.random.default_rng(seed), 1).reshape(-1)
    available = gallery(model.spec.images, 0, 1).available
    number = written.removeprefix(PICTURE)
    if not number.isdecimal() or len(number) > 9 or int(number) >= available:
        raise UserError("code_picture", name=name, value=written, last=available - 1)
    return test_code(model.file, int(number))[0]
