"""A test picture in a lesson's step that the student can look into."""

from collections.abc import Collection
from dataclasses import dataclass

from ae_core.data.catalog import IMAGE_SETS
from ae_core.lessons.toml_reader import TomlTable
from ae_core.models.pretrained import cards
from ae_core.specs import ImageChoice, TrainingSpec

KINDS = ("pixels", "code", "jpeg")
SMALL = ImageChoice("digits")  # few enough pixels that each can have its number


@dataclass(frozen=True)
class LivePicture:
    """A test picture.

    Attributes:
        kind: what can be seen: its ``pixels`` with their values, its ``code``, whose numbers
            can be moved, or what ``jpeg`` does to it.
        number: its number among the test pictures of `SMALL`, or of the model's image set.
        train: the experiment whose run makes the code, otherwise "".
        model: the pretrained autoencoder that makes the code before there is such a run, or, for
            ``jpeg``, whose image set the picture is of; "" for pixels.
    """

    kind: str
    number: int
    train: str = ""
    model: str = ""


def read_picture(table: TomlTable, experiments: Collection[str]) -> LivePicture:
    """Read the table of a picture.

    Args:
        table: the table.
        experiments: the names of this step's trainings and earlier ones.

    Raises:
        UserError: see `TomlTable.error`.
    """
    kind = table.choice("kind", KINDS)
    if kind == "pixels":
        return LivePicture(kind, _number(table, SMALL.image_set))
    train = table.choice("train", sorted(experiments)) if kind == "code" else ""
    specs = {name: card.spec for name, card in cards().items()}
    autoencoders = {name: spec for name, spec in specs.items() if isinstance(spec, TrainingSpec)}
    model = table.choice("model", autoencoders)
    return LivePicture(kind, _number(table, autoencoders[model].image_set), train, model)


def _number(table: TomlTable, image_set: str) -> int:
    number, last = table.number("number", 0), IMAGE_SETS[image_set].test_count - 1
    if number not in range(last + 1):
        raise table.error("number", "place", last=last)
    return int(number)
