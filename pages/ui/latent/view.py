"""The state that all views of the Latent space page share: models, a latent profile and codes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ae_core.data.loading import card
from ae_core.latent import explore
from ae_core.latent.browser_decoder import (
    MAX_MACS,
    MAX_WEIGHTS,
    decoder_macs,
    decoder_weights,
)
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from pages.ui.backend.models import latent_profile
from pages.ui.backend.service import answer
from pages.ui.i18n.text import text
from pages.ui.latent.component import live_words
from pages.ui.pickers import live_decoder
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.session import session_cached
from pages.ui.widgets.images import data_url


@dataclass(frozen=True)
class LatentView:
    """A model, other models for comparison, and the present codes.

    Attributes:
        models: the models; the code in the address is that of the first one.
        profile: the latent profile of the first model.
        codes: (D,) for each model, of the same picture.
        at: the text of the code in the address, "" if there is none.
        start: the picture that the visitor chose to start from, see
            `pages.ui.latent.codes.chosen_start`.
    """

    models: tuple[TrainedAutoencoder, ...]
    profile: LatentProfile
    codes: tuple[np.ndarray, ...]
    at: str
    start: str

    @property
    def model(self) -> TrainedAutoencoder:
        """The model whose codes are shown."""
        return self.models[0]

    @property
    def code(self) -> np.ndarray:
        """The present code (D,) of the first model."""
        return self.codes[0]

    @cached_property
    def profiles(self) -> tuple[LatentProfile, ...]:
        """The latent profile of each model."""
        return (self.profile, *map(profile_of, self.models[1:]))

    @cached_property
    def scales(self) -> tuple[np.ndarray, ...]:
        """For each model, how far its code (D,) moves where that of the first one moves by 1."""
        return scales_of(self.profiles)

    @property
    def has_pictures(self) -> bool:
        """Whether this machine has the model's test images."""
        return card(self.model.spec.image_set).has_tests

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

    def live_pictures(self, codes: tuple[np.ndarray, ...]) -> dict[str, Any]:
        """Send the decoders to the browser, and return the data that its views need for images.

        Args:
            codes: (D,) for each model, which the server decodes if a decoder is too large for the
                browser.
        """
        return live_pictures(self.models, codes)


def live_pictures(
    models: tuple[TrainedAutoencoder, ...], codes: tuple[np.ndarray, ...]
) -> dict[str, Any]:
    """See `LatentView.live_pictures`."""
    shown, room = [], MAX_MACS
    for model, code in zip(models, codes, strict=True):
        network, shape = model.spec.autoencoder, image_shape(model.spec)
        macs, still = decoder_macs(network, shape), ""
        if macs <= room and decoder_weights(network, shape) <= MAX_WEIGHTS:
            room -= macs
            live_decoder.mount(model)
        else:
            picture = answer(explore.decode, model.file, code[np.newaxis])[0]
            still = data_url(picture / 255)
        shown.append({"id": model.id, "title": model.title, "still": still})
    large = any(model["still"] for model in shown)
    status = text("latent.too_large") if large else ""
    return {"models": tuple(shown), "status": status, "words": live_words()}


def scales_of(profiles: tuple[LatentProfile, ...]) -> tuple[np.ndarray, ...]:
    """Return the ratio of each model's standard deviations (D,) of codes to the first one's."""
    deviations = [np.sqrt(np.square(known.factor).sum(axis=1)) for known in profiles]
    return tuple(each / deviations[0] for each in deviations)


def profile_of(model: TrainedAutoencoder) -> LatentProfile:
    """Return a model's latent profile; while the model trains, its first one.

    Otherwise the order and the ranges of the sliders would change during use.
    """
    if not model.in_training:
        return latent_profile(model.file)
    return session_cached(f"atlas {model.id}", model.id, lambda: latent_profile(model.file))
