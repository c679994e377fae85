"""Opens the image files of visitors: upright, in RGB, on white paper, within limits."""

import io
from dataclasses import dataclass

import numpy as np
from pi_heif import register_heif_opener
from PIL import Image, UnidentifiedImageError, features

from ae_core.errors import UserError
from ae_core.images.image_parts import ORIENTATION, strip

register_heif_opener(thumbnails=False)  # photos from iPhones, which Pillow alone cannot read

MAX_BYTES = 25 << 20  # photos of 48 megapixels have up to 20 MB
MAX_SIDE = 16_384  # pixels; panoramas of phones have 16,382
# More is a decompression bomb. A JPEG is reduced while it is decoded; an image of any other format
# is whole in memory, with alpha in 5 (PNG), 10 (HEIC) or 16 (WebP) bytes a pixel.
MAX_PIXELS = {
    "JPEG": 60_000_000,
    "PNG": 60_000_000,
    "HEIF": 50_000_000,
    "WEBP": 25_000_000,
    **({"AVIF": 25_000_000} if features.check("avif") else {}),
}
FORMATS = tuple(MAX_PIXELS)
_NAMES = {"WEBP": "WebP", "HEIF": "HEIC"}
KINDS = tuple(_NAMES.get(kind, kind) for kind in FORMATS)  # as visitors know them
ENOUGH = 1024  # pixels: the shorter side of a reduced image is at least this
STRIP = 256  # rows that are converted at a time

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class ImageFile:
    """A visitor's file whose header alone has been read.

    Attributes:
        header: Pillow's image, not decoded yet.
        name: the file's name for messages.
        orientation: how the camera was held, 1 (upright) to 8, as in EXIF.
    """

    header: Image.Image
    name: str
    orientation: int

    @property
    def pixels(self) -> int:
        """The number of pixels in the file."""
        return self.header.width * self.header.height

    def decode(self, *, full_size: bool = False) -> Image.Image:
        """Return the image, upright and in RGB; transparent images lie on white paper.

        Args:
            full_size: whether to keep every pixel; otherwise, an image whose shorter side has
                2 · `ENOUGH` pixels or more is reduced, a JPEG while it is decoded.

        Raises:
            UserError: the file is damaged.
        """
        image = self.header
        try:
            if not full_size:
                image.draft("RGB", (ENOUGH, ENOUGH))
            image.load()
            seen = _on_paper(image, 1 if full_size else max(1, min(image.size) // ENOUGH))
        except (OSError, ValueError, SyntaxError, RuntimeError):
            raise UserError("file_cut", name=self.name) from None
        turn = _TRANSPOSE.get(self.orientation)
        return seen if turn is None else seen.transpose(turn)


def open_image(data: bytes, name: str = "image", *, full_size: bool = False) -> Image.Image:
    """Check and decode a visitor's file; see `read_header` and `ImageFile.decode`."""
    return read_header(data, name).decode(full_size=full_size)


def read_header(data: bytes, name: str) -> ImageFile:
    """Check a visitor's file without decoding it.

    Raises:
        UserError: the file cannot be used; the message names the file and the remedy.
    """
    if not data:
        raise UserError("file_empty", name=name)
    if len(data) > MAX_BYTES:
        raise UserError("file_large", name=name, size=len(data) / 2**20, most=MAX_BYTES >> 20)
    file = strip(data, name)
    try:
        image = Image.open(io.BytesIO(file.data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name, ">100,000,000", max(MAX_PIXELS.values())) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise UserError("file_kind", name=name, kinds=KINDS) from None
    except RuntimeError:  # a damaged AVIF file
        raise UserError("file_cut", name=name) from None
    width, height = image.size
    most = MAX_PIXELS[str(image.format)]
    if max(width, height) > MAX_SIDE or width * height > most:
        raise _too_large(name, f"{width}×{height}", most)
    turned = file.orientation
    if image.format == "AVIF":  # its boxes say it, of which Pillow makes EXIF
        turned = image.getexif().get(ORIENTATION, 1)
    return ImageFile(image, name, turned)


def _too_large(name: str, pixels: str, most: int) -> UserError:
    return UserError("pixels", name=name, pixels=pixels, side=MAX_SIDE, most=most // 10**6)


def _on_paper(image: Image.Image, factor: int) -> Image.Image:
    """Return an image in RGB on white paper, each side divided by a whole factor, rounded up.

    It is made strip by strip: a whole image of 50 megapixels takes 200 MB for every step.
    """
    if image.mode == "RGB" and not image.has_transparency_data:
        return image.reduce(factor) if factor > 1 else image
    width, height = image.size
    seen = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = max(1, STRIP // factor)
    for top in range(0, seen.height, rows):
        bottom = min(height, (top + rows) * factor)
        part = _rgb(image.crop((0, top * factor, width, bottom)))
        seen.paste(part.reduce(factor) if factor > 1 else part, (0, top))
    return seen


def _rgb(image: Image.Image) -> Image.Image:
    """Convert an image to RGB; what is transparent shows the white paper below it."""
    if image.mode.startswith("I"):
        return _eight_bit(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # of 16 bits, which Pillow reduces in pixels only
        image.info["transparency"] = tuple(value >> 8 for value in key)
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), layer).convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Reduce 16-bit gray to 8 bits; Pillow's own conversion would clip it to white."""
    pixels = np.asarray(image).astype(np.int64)
    key = image.info.get("transparency")
    if isinstance(key, int):
        pixels[pixels == key] = 0xFFFF
    return Image.fromarray((pixels >> 8).astype(np.uint8))
