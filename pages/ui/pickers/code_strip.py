"""The strip of a picture, its code as bars and its drawing; ``code_strip.js`` fills its HTML."""

from ae_core.models.compatibility import image_shape
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder

STRIP = (
    '<div class="idea"><figure class="given"><img><figcaption></figcaption></figure>'
    '<span class="way encoder"></span>'
    '<figure class="code"><div class="numbers"></div><figcaption></figcaption></figure>'
    '<span class="way decoder"></span>'
    '<figure class="drawn"><canvas role="img"></canvas><figcaption></figcaption></figure></div>'
)
WORDS = ("given", "encoder", "code", "decoder", "drawn")


def strip_words(model: TrainedAutoencoder) -> tuple[tuple[str, str], ...]:
    """Return what ``code_strip.js`` says of a model's pictures."""
    height, width, channels = image_shape(model.spec)
    pixels, numbers = height * width, model.spec.autoencoder.latent_dim
    fewer = round(pixels * channels / numbers)
    fields = {"pixels": pixels, "numbers": numbers, "fewer": fewer}
    said = {word: text(f"strip.{word}", **fields) for word in WORDS}
    if channels == 3:
        said["given"] = text("strip.given-colour", **fields)
    said["number"] = text("strip.number", number="{number}")
    return tuple(said.items())
