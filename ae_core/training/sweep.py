"""One spec with several code sizes: what a visitor types, and the specs that come of it."""

from ae_core.errors import UserError
from ae_core.models.compatibility import apply_setting
from ae_core.specs import LIMITS, TrainingSpec

MOST_SIZES = 6
FEWEST_SIZES = 2


def parse_sizes(text: str) -> tuple[int, ...]:
    """Read code sizes such as ``2, 4, 16``; sorted, each once.

    Raises:
        UserError: what is typed is something else; the text names it and what would do.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    sizes = set()
    for word in words:
        if not word.isdecimal():
            raise UserError("sizes", value=word)
        size = int(word[:9])
        LIMITS["latent_dim"].check("latent_dim", size)
        sizes.add(size)
    if not FEWEST_SIZES <= len(sizes) <= MOST_SIZES:
        raise UserError("how_many_sizes", value=text.strip(), fewest=FEWEST_SIZES, most=MOST_SIZES)
    return tuple(sorted(sizes))


def specs_of(spec: TrainingSpec, sizes: tuple[int, ...]) -> tuple[TrainingSpec, ...]:
    """Return a spec with one code size after the other, and nothing else changed by choice.

    Raises:
        UserError: the network cannot have one of the sizes.
    """
    if spec.autoencoder.code_type == "feature_map":
        raise UserError("sizes_of_map")
    return tuple(apply_setting(spec, "latent_dim", size) for size in sizes)
