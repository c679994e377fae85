"""One spec with several code sizes: what a visitor types, and the specs that come of it."""

from ae_core.models.compatibility import with_setting
from ae_core.specs import LIMITS, TrainingSpec

MOST_SIZES = 6
FEWEST_SIZES = 2


def parse_sizes(text: str) -> tuple[int, ...]:
    """Read code sizes such as ``2, 4, 16``; sorted, each once.

    Raises:
        ValueError: what is typed is something else; the text names it and what would do.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    sizes = set()
    for word in words:
        if not word.isdecimal():
            raise ValueError(f"sizes={word[:40]} must be whole numbers such as 2, 4, 16")
        size = int(word[:9])
        LIMITS["latent_dim"].check("sizes", size)
        sizes.add(size)
    if not FEWEST_SIZES <= len(sizes) <= MOST_SIZES:
        raise ValueError(
            f"sizes={text.strip()[:40]} must be {FEWEST_SIZES} to {MOST_SIZES} different numbers"
        )
    return tuple(sorted(sizes))


def specs_of(spec: TrainingSpec, sizes: tuple[int, ...]) -> tuple[TrainingSpec, ...]:
    """Return a spec with one code size after the other, and nothing else changed by choice.

    Raises:
        ValueError: the network cannot have one of the sizes.
    """
    if spec.autoencoder.code == "map":
        raise ValueError(
            "code=map must be a dense code for several sizes: a feature map has the size that "
            "the encoder's layers give it"
        )
    return tuple(with_setting(spec, "latent_dim", size) for size in sizes)
