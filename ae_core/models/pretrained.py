"""The trained models that come with the app: ``assets/pretrained/<name>.{json,npz}``.

Where the image set is the app's own to show there is a .png of test pictures too. A card (the
.json) says what a model was trained on, its figures and the data's terms. This file knows files
only; `ae_core.pretrain.build` makes them.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ae_core.models.inference import DenoiserFile, ModelFile
from ae_core.specs import DenoiserSpec, TrainingSpec, change, flatten
from ae_core.storage import ROOT

FOLDER = ROOT / "assets" / "pretrained"
FACE_DISTANCE = "face-likeness"  # .npz: what `ae_core.denoising.face_distance` measures with


@dataclass(frozen=True)
class NoiseResult:
    """One kind of noise on one set of pictures.

    Attributes:
        image_set: whose held-out pictures.
        kind: of the noise, as in `ae_core.specs.Corruption`.
        amount: likewise.
        noisy: PSNR of the noisy pictures in dB, of the mean squared error over all of them.
        denoised: PSNR of what was made of them.
    """

    image_set: str
    kind: str
    amount: float
    noisy: float
    denoised: float


@dataclass(frozen=True)
class Card:
    """What is said of a pretrained model.

    Attributes:
        name: of its files.
        title: for people.
        spec: what was trained; with its seed the same model comes out again.
        about: a sentence.
        figures: of the last epoch, see `ae_core.training.loop.Epoch`; empty for a denoiser.
        trials: of a model that removes noise, with the weights as they are in the file.
        data: what it was trained on.
        terms: of the data.
        not_for: what it must not be used for.
    """

    name: str
    title: str
    spec: TrainingSpec | DenoiserSpec
    about: str
    figures: dict[str, float]
    trials: tuple[NoiseResult, ...]
    data: str
    terms: str
    not_for: str

    @property
    def weights(self) -> Path:
        """Its weights."""
        return FOLDER / f"{self.name}.npz"

    @property
    def profile_path(self) -> Path:
        """The file of its `ae_core.latent.profile.LatentProfile`."""
        return profile_path(self.weights)

    @property
    def preview(self) -> Path:
        """Test pictures above their reconstructions, without gaps; only for embedded sets."""
        return FOLDER / f"{self.name}.png"

    def model_file(self) -> ModelFile | DenoiserFile:
        """Return where its weights are, with its spec."""
        path, version = str(self.weights), self.weights.stat().st_mtime_ns
        if isinstance(self.spec, DenoiserSpec):
            return DenoiserFile(self.spec, path, version)
        return ModelFile(self.spec, path, version)


def profile_path(weights: Path) -> Path:
    """Return the file of the latent profile of a model with such weights; it need not exist."""
    return weights.with_suffix(".atlas.npz")


def write_card(card: Card, folder: Path) -> None:
    """Write a card as JSON."""
    denoiser = isinstance(card.spec, DenoiserSpec)
    spec = vars(card.spec) if isinstance(card.spec, DenoiserSpec) else flatten(card.spec)
    fields = {**vars(card), "spec": spec, "trials": [vars(trial) for trial in card.trials]}
    kind = {"kind": "denoiser" if denoiser else "autoencoder"}
    text = json.dumps(kind | fields, indent=1, ensure_ascii=False)
    (folder / f"{card.name}.json").write_text(text, encoding="utf-8")


@lru_cache(maxsize=1)
def cards() -> dict[str, Card]:
    """Return the cards of all models that are there, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        fields = json.loads(path.read_text(encoding="utf-8"))
        spec: TrainingSpec | DenoiserSpec
        if fields.pop("kind") == "denoiser":
            spec = DenoiserSpec.from_json(json.dumps(fields.pop("spec")))
        else:
            spec = change(TrainingSpec(), **fields.pop("spec"))
        trials = tuple(NoiseResult(**trial) for trial in fields.pop("trials"))
        found[path.stem] = Card(spec=spec, trials=trials, **fields)
    return found
