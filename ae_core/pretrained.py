"""The trained models that come with the app: ``assets/pretrained/<name>.{json,npz}``.

Where the image set is the app's own to show there is a .png of test pictures too. A card (the
.json) says what a model was trained on, its figures and the data's terms. This file knows files
only; ``python -m ae_core pretrain`` makes them.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ae_core.image_sets import IMAGE_SETS
from ae_core.specs import TrainingSpec, change, flatten, preset

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "pretrained"


@dataclass(frozen=True)
class Card:
    """What is said of a pretrained model.

    Attributes:
        name: of its files.
        title: for people.
        spec: what was trained; with its seed the same model comes out again.
        about: a sentence.
        figures: of the last epoch, see `ae_core.training.Epoch`.
        data: what it was trained on.
        terms: of the data.
        not_for: what it must not be used for.
    """

    name: str
    title: str
    spec: TrainingSpec
    about: str
    figures: dict[str, float]
    data: str
    terms: str
    not_for: str

    @property
    def weights(self) -> Path:
        """Its weights."""
        return FOLDER / f"{self.name}.npz"

    @property
    def preview(self) -> Path:
        """Test pictures above their reconstructions, without gaps; only for embedded sets."""
        return FOLDER / f"{self.name}.png"


# What is trained for the app, as a preset and its changes.
RECIPES: dict[str, dict[str, Any]] = {
    "toy-faces-vae": {"epochs": 60},
    "digits-dense": {"epochs": 100},
    "mnist-conv": {"epochs": 60},
}


def recipe(name: str) -> TrainingSpec:
    """Return what `python -m ae_core pretrain` trains under a name.

    Raises:
        ValueError: there is no such model.
    """
    if name not in RECIPES:
        raise ValueError(f"name={name[:40]} must be one of {', '.join(RECIPES)}")
    return change(preset(name).spec, **RECIPES[name])


def card_for(name: str, figures: dict[str, float]) -> Card:
    """Return the card of a model that was just trained."""
    start = preset(name)
    spec = recipe(name)
    images = IMAGE_SETS[spec.image_set]
    pictures = f"{images.train_count:,} training pictures, {images.test_count:,} held out"
    return Card(
        name=name,
        title=start.title,
        spec=spec,
        about=start.about,
        figures=figures,
        data=f"{images.title}: {pictures}",
        terms=images.terms,
        not_for="Not for recognising people or reading handwriting: it was made for teaching.",
    )


def write_card(card: Card, folder: Path) -> None:
    """Write a card as JSON."""
    fields = {**vars(card), "spec": flatten(card.spec)}
    (folder / f"{card.name}.json").write_text(json.dumps(fields, indent=1, ensure_ascii=False))


@lru_cache(maxsize=1)
def cards() -> dict[str, Card]:
    """Return the cards of all models that are there, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        fields = json.loads(path.read_text(encoding="utf-8"))
        spec = change(TrainingSpec(), **fields.pop("spec"))
        found[path.stem] = Card(spec=spec, **fields)
    return found
