"""A sweep: one spec trained with several latent dimensions."""

from ae_core.errors import UserError
from ae_core.models.compatibility import apply_setting
from ae_core.specs import LIMITS, TrainingSpec

MIN_SIZES, MAX_SIZES = 2, 6


def parse_sizes(text: str) -> tuple[int, ...]:
    """Read latent dimensions such as ``2, 4, 16``; return them sorted, without duplicates.

    Raises:
        UserError: the text is not such a list, or has too few or too many.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    sizes = set()
    for word in words:
        if not word.isdecimal():
            raise UserError("sizes", value=word)
        size = int(word[:9])
        LIMITS["latent_dim"].check("latent_dim", size)
        sizes.add(size)
    if not MIN_SIZES <= len(sizes) <= MAX_SIZES:
        raise UserError("how_many_sizes", value=text.strip(), fewest=MIN_SIZES, most=MAX_SIZES)
    return tuple(sorted(sizes))


def specs_of(spec: TrainingSpec, sizes: tuple[int, ...]) -> tuple[TrainingSpec, ...]:
    """Return one spec per latent dimension, with the other settings adapted to it.

    Raises:
        UserError: the network cannot have one of these latent dimensions.
    """
    if spec.autoencoder.code_type == "feature_map":
        raise UserError("sizes_of_map")
    return tuple(apply_setting(spec, "latent_dim", size) for size in sizes)
