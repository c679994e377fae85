"""Files that take models home, and bring runs back; see `ae_core.runs.home_file`."""

import base64
import json
import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from ae_core.data.loading import card
from ae_core.errors import UserError
from ae_core.export.keras_script import source
from ae_core.export.notebook import notebook
from ae_core.latent.browser_decoder import decoder_names
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, read_weights
from ae_core.models.pca_init import with_encoder_projection
from ae_core.models.pretrained import cards
from ae_core.models.weight_shapes import weight_shapes
from ae_core.models.weights import dequantize
from ae_core.runs import home_file, home_reader
from ae_core.runs.brought import bring_back
from ae_core.runs.home_file import MAX_BYTES, HomeFile, in_page
from ae_core.service.preview import preview_of
from ae_core.specs import DenoiserSpec, TrainingSpec
from pages.ui.backend.models import live_decoder
from pages.ui.backend.service import evaluate, read_upload, service
from pages.ui.state.session import visitor

__all__ = ["MAX_BYTES", "HomeModel", "brought", "home_model", "in_page", "programs"]

BYTES_PER_WEIGHT = 16 / 3  # float32 in base64
ROOM = MAX_BYTES - (1 << 20)  # bytes for weights: the page has less than a megabyte besides


@dataclass(frozen=True)
class HomeModel:
    """A model for a page to take home.

    Attributes:
        blocks: see `ae_core.runs.home_file.blocks`.
        decoder: what the page's script makes a decoder from.
        returns: whether the app can open the page again.
    """

    blocks: str
    decoder: dict[str, Any]
    returns: bool = True


def home_model(model: ModelFile, name: str) -> HomeModel:
    """Return a model for a page; of one that is too large to come back, only the decoder.

    Args:
        model: the model.
        name: its id: a pretrained model's name or a run's id.

    Raises:
        UserError: its weights are gone or cannot be read.
    """
    spec, decoder = model.spec, live_decoder(model, name).content
    length = int.from_bytes(decoder[:4], "little")
    header = json.loads(decoder[4 : 4 + length])
    numbers, alone = decoder[4 + length :], {"header": header, "names": []}
    if name in cards():
        file = HomeFile(spec, date.today(), model=name, digest=header["digest"])
        return HomeModel(home_file.blocks(file, numbers), alone, 4 * len(numbers) / 3 <= ROOM)
    shapes = weight_shapes(spec.autoencoder, image_shape(spec))
    if sum(map(math.prod, shapes.values())) * BYTES_PER_WEIGHT > ROOM:
        return HomeModel(home_file.blocks(HomeFile(spec, date.today()), numbers), alone, False)
    weights = dequantize(read_weights(model))
    if spec.autoencoder.pca_components:
        weights = with_encoder_projection(weights)
    run = service().snapshot(name)
    status = run.status if run.status in home_file.STATUSES else "stopped"
    file = HomeFile(spec, date.today(), run.preset, status, run.history, weights)
    names = decoder_names(spec.autoencoder, image_shape(spec))
    return HomeModel(home_file.blocks(file), {"header": header, "names": names})


def programs(spec: TrainingSpec) -> dict[str, str]:
    """Return a spec's Keras script and notebook as data URLs, by their files' names."""
    shape = image_shape(spec)
    files = {
        "autoencoder.py": ("text/x-python", source(spec, shape).encode()),
        "autoencoder.ipynb": ("application/x-ipynb+json", notebook(spec, shape)),
    }
    return {
        name: f"data:{kind};base64,{base64.b64encode(content).decode()}"
        for name, (kind, content) in files.items()
    }


def brought(content: bytes) -> str:
    """Read a visitor's file, store its run as the visitor's, and return the id of its model.

    The file of a model that comes with the app leads to that model.

    Raises:
        UserError: see `ae_core.runs.home_reader.read` and `ae_core.runs.brought.bring_back`; or the
            app has another such model, or the run's pictures are not here.
    """
    file = read_upload(home_reader.read, content)
    if file.model:
        return _shipped(file)
    if card(file.spec.image_set).gone:
        raise UserError("home_own_pictures")
    store, bounds = service().store, service().housekeeping
    return bring_back(store, bounds, file, visitor(), lambda model: evaluate(preview_of, model))


def _shipped(file: HomeFile) -> str:
    known = cards().get(file.model)
    if known is None or isinstance(known.spec, DenoiserSpec) or known.spec != file.spec:
        raise UserError("home_model", name=file.model)
    model = known.model_file()
    assert isinstance(model, ModelFile)
    decoder = live_decoder(model, file.model).content
    header = json.loads(decoder[4 : 4 + int.from_bytes(decoder[:4], "little")])
    if header["digest"] != file.digest:
        raise UserError("home_model", name=file.model)
    return file.model
