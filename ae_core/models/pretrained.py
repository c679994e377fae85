"""The trained models that come with the app: ``assets/pretrained/<name>.{json,npz}``.

A model's card, the .json, holds its settings and figures; ``assets/text`` holds its title, its data
and the data's terms. If the image set may be shown, there is also a .png of test images.
`ae_core.pretrain.build` creates these files.
"""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ae_core.models.inference import DenoiserFile, ModelFile
from ae_core.specs import Corruption, DenoiserSpec, TrainingSpec, flatten, from_json
from ae_core.storage.files import ROOT, atomic_write

FOLDER = ROOT / "assets" / "pretrained"
# The .npz files of `ae_core.denoising.face_distance`, by the image set that they tell from others.
FACE_DISTANCES = {"lfw-crop": "face-likeness", "lfw-faces": "face-likeness-colour"}
NOISE_BY_SKIN = Corruption("gaussian", 0.2)


@dataclass(frozen=True)
class NoiseResult:
    """A model's result for one kind of noise on one set of images.

    Attributes:
        image_set: the set of the held-out images.
        kind: the kind of noise, as in `ae_core.specs.Corruption`.
        amount: the amount of noise, likewise.
        noisy: PSNR of the noisy images in dB, from the mean squared error over all of them.
        denoised: PSNR of the denoised images in dB.
    """

    image_set: str
    kind: str
    amount: float
    noisy: float
    denoised: float


@dataclass(frozen=True)
class ModelCard:
    """The settings and figures of a pretrained model.

    Attributes:
        name: the name of its files.
        spec: the spec that was trained; its seed makes the model reproducible.
        figures: the metrics of the last epoch, see `ae_core.training.loop.Epoch`; empty for a
            denoiser.
        noise_results: the noise benchmark of a denoising model, with the weights in the file.
        psnr_by_skin: of a model of faces, the PSNR in dB in each quarter of how light their skin
            is, from dark to light; a denoising model has `NOISE_BY_SKIN` to remove.
        best_for: the pages and views that show this model first, see `best_for`.
    """

    name: str
    spec: TrainingSpec | DenoiserSpec
    figures: dict[str, float]
    noise_results: tuple[NoiseResult, ...] = ()
    psnr_by_skin: tuple[float, ...] = ()
    best_for: tuple[str, ...] = ()

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return FOLDER / f"{self.name}.npz"

    @property
    def profile_path(self) -> Path:
        """The file of the model's `ae_core.latent.profile.LatentProfile`."""
        return profile_path(self.weights)

    @property
    def preview(self) -> Path:
        """The sheet of test images above their reconstructions; only for embedded sets."""
        return FOLDER / f"{self.name}.png"

    @property
    def thumbnail(self) -> Path:
        """The file of a small image that the model drew; it shows nothing of an image set."""
        return FOLDER / f"{self.name}.thumbnail.png"

    def model_file(self) -> ModelFile | DenoiserFile:
        """Return the model's spec and the file of its weights, which is looked at once."""
        return self._file

    @cached_property
    def _file(self) -> ModelFile | DenoiserFile:
        path, version = str(self.weights), self.weights.stat().st_mtime_ns
        if isinstance(self.spec, DenoiserSpec):
            return DenoiserFile(self.spec, path, version)
        return ModelFile(self.spec, path, version)


def profile_path(weights: Path) -> Path:
    """Return the file of the latent profile for a weights file; it need not exist."""
    return weights.with_suffix(".atlas.npz")


def write_card(card: ModelCard, folder: Path) -> None:
    """Write a card as JSON."""
    spec = card.spec
    denoiser = isinstance(spec, DenoiserSpec)
    fields = {
        "kind": "denoiser" if denoiser else "autoencoder",
        "name": card.name,
        "spec": vars(spec) if isinstance(spec, DenoiserSpec) else flatten(spec),
        "figures": card.figures,
        "noise_results": [vars(result) for result in card.noise_results],
        "psnr_by_skin": card.psnr_by_skin,
        "best_for": card.best_for,
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False)
    atomic_write(folder / f"{card.name}.json", text.encode())


@lru_cache(maxsize=1)
def cards() -> dict[str, ModelCard]:
    """Return the cards of all pretrained models by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        fields = json.loads(path.read_text(encoding="utf-8"))
        spec: TrainingSpec | DenoiserSpec
        if fields["kind"] == "denoiser":
            spec = DenoiserSpec.from_json(json.dumps(fields["spec"]))
        else:
            spec = from_json(json.dumps(fields["spec"]))
        results = tuple(NoiseResult(**result) for result in fields["noise_results"])
        by_skin, places = (tuple(fields[each]) for each in ("psnr_by_skin", "best_for"))
        found[path.stem] = ModelCard(
            fields["name"], spec, fields["figures"], results, by_skin, places
        )
    return found


def best_for(place: str) -> ModelCard:
    """Return the model that a page or view shows first, such as ``home``.

    Raises:
        ValueError: not exactly one card names the place.
    """
    named = [card for card in cards().values() if place in card.best_for]
    if len(named) != 1:
        raise ValueError(f"best_for={place} must be named by one card, not {len(named)}")
    return named[0]
