"""Reads codes from the address, and finds the codes that other models have for the same picture.

In the address, a code is a list of values separated by commas, or ``picture:`` and the number of
the test image with that code.
"""

from typing import Any

import numpy as np
import streamlit as st

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.latent import explore
from ae_core.latent.interpolation import code_from_text, code_to_text
from ae_core.latent.profile import LatentProfile
from pages.ui.backend.images import gallery
from pages.ui.backend.models import test_code
from pages.ui.backend.service import answer
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.latent.view import profile_of, scales_of
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.session import session, session_cached

PICTURE = "picture:"
OWN = "own"  # in the address: the visitor's own picture, which only this session has


def first_picture(model: TrainedAutoencoder) -> str:
    """Return the test image with which a model begins, "" if it has none here: the mean code."""
    return f"{PICTURE}0" if card(model.spec.image_set).has_tests else ""


def first_of_pictures(names: tuple[str, ...]) -> str:
    """Return the first of several codes in the address that a test image gives, "" if none.

    It is the one of which is said that the images are missing.
    """
    found = (name for name in names if st.query_params.get(name, PICTURE).startswith(PICTURE))
    return next(found, "")


def linked_code(
    model: TrainedAutoencoder,
    profile: LatentProfile,
    name: str,
    usual: str = "",
    *,
    told: bool = False,
) -> np.ndarray:
    """Return the code (D,) in the address.

    Args:
        model: the model whose test images count.
        profile: the model's latent profile.
        name: the name of the parameter.
        usual: the default if the address has no valid code; "" is the mean of the training
            codes.
        told: whether the visitor was told already if the model's images are missing here.

    Raises:
        ServiceUnavailable, ImageSetCorrupt: the code of an image is not available.
    """
    usual = _there(model, usual)
    written = st.query_params.get(name, usual)
    try:
        code = _read(model, profile, name, written)
    except UserError as error:
        instead = text("latent.code.mean")
        if usual:
            instead = text("latent.code.picture", number=int(usual.removeprefix(PICTURE)))
        notice.error(text("latent.code.instead", problem=error, instead=instead))
        written = usual
        code = _read(model, profile, name, written)
    if written.startswith(PICTURE) and not (told or card(model.spec.image_set).has_tests):
        title = image_set_title(model.spec.image_set)
        notice.info(text("latent.code.no_pictures", pictures=title))
    return code


def linked_codes(
    models: tuple[TrainedAutoencoder, ...],
    profile: LatentProfile,
    name: str,
    usual: str = "",
    start: str = "",
    *,
    told: bool = False,
) -> tuple[np.ndarray, ...]:
    """Return the code (D,) in the address, and the codes of other models that belong to it.

    Every model encodes the picture itself. If the address has a code, the other models begin at
    their own codes of the picture from which it was moved, and move as far, measured by the spread
    of their own codes; without such a picture they encode what the first model draws.

    Args:
        models: the models; the code in the address is that of the first one.
        profile: the latent profile of the first one.
        name: see `linked_code`.
        usual: see `linked_code`.
        start: the picture from which the code was moved, see `chosen_start`.
        told: see `linked_code`.
    """
    code = linked_code(models[0], profile, name, usual, told=told)
    if len(models) == 1:
        return (code,)
    written = st.query_params.get(name, _there(models[0], usual))
    begun = written if written.startswith(PICTURE) else start
    asked = (picture_code(models[0], model, begun) for model in models)
    encoded = [found for found in asked if found is not None]
    if len(encoded) < len(models):
        drawn = answer(explore.decode, models[0].file, code[np.newaxis])[0] / np.float32(255)
        return (code, *(answer(explore.encode, model.file, drawn)[0] for model in models[1:]))
    origin, *others = encoded
    way = code - _as_linked(origin, name)
    scales = scales_of((profile, *map(profile_of, models[1:])))
    return (code, *(other + way * scale for other, scale in zip(others, scales[1:], strict=True)))


def chosen_start() -> str:
    """Return the picture that the visitor chose to start from: a test image, `OWN`, or ""."""
    written = st.query_params.get("z", "")
    return written if written.startswith(PICTURE) else st.query_params.get("start", "")


def own_code(model: TrainedAutoencoder, key: Any, image: np.ndarray) -> np.ndarray:
    """Return a model's code (D,) of the visitor's own image (H, W, C) in [0, 1].

    Args:
        model: the model.
        key: a unique key of the image.
        image: the image, of any size.
    """
    code, _ = session_cached(
        f"code {model.id}",
        (key, model.file.version),
        lambda: answer(explore.encode, model.file, image),
    )
    return code


def picture_code(
    owner: TrainedAutoencoder, model: TrainedAutoencoder, picture: str
) -> np.ndarray | None:
    """Return a model's code of a test image of the ``owner``, or of the visitor's own picture."""
    number = picture.removeprefix(PICTURE)
    own = session().own_image
    if picture == OWN and own is not None:
        return own_code(model, *own)
    if not number.isdecimal() or len(number) > 9 or not card(owner.spec.image_set).has_tests:
        return None
    if int(number) >= gallery(owner.spec.images, 0, 1).available:
        return None
    return test_code(model.file, owner.spec.images, int(number))[0]


def _there(model: TrainedAutoencoder, usual: str) -> str:
    """Return the usual test image, or another one if there are only a few."""
    if not usual.startswith(PICTURE) or not card(model.spec.image_set).has_tests:
        return usual
    number = int(usual.removeprefix(PICTURE))
    # The first one is always there: asking for it would wait for a worker.
    return f"{PICTURE}{number % gallery(model.spec.images, 0, 1).available if number else 0}"


def _read(model: TrainedAutoencoder, profile: LatentProfile, name: str, written: str) -> np.ndarray:
    """Read a code; those that links do not spell out are rounded as if they did."""
    if not written:
        written = code_to_text(profile.mean)
    if written.startswith(PICTURE):
        return _as_linked(_of_picture(model, profile, name, written), name)
    return code_from_text(written, profile.latent_dim, name)


def _as_linked(code: np.ndarray, name: str) -> np.ndarray:
    return code_from_text(code_to_text(code), len(code), name)


def _of_picture(
    model: TrainedAutoencoder, profile: LatentProfile, name: str, written: str
) -> np.ndarray:
    if not card(model.spec.image_set).has_tests:
        seed = len(name) + ord(name[0])
        return profile.fitted.sample(np.random.default_rng(seed), 1).reshape(-1)
    number = written.removeprefix(PICTURE)
    kept = 0 if model.in_training else len(profile.codes)  # in training, codes still change
    if number.isdecimal() and len(number) <= 9 and int(number) < kept:
        return np.array(profile.codes[int(number)])
    available = gallery(model.spec.images, 0, 1).available
    if not number.isdecimal() or len(number) > 9 or int(number) >= available:
        raise UserError("code_picture", name=name, value=written, last=available - 1)
    return test_code(model.file, model.spec.images, int(number))[0]
