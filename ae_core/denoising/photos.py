"""Worker functions that read a visitor's photo, find its faces, cut one out, and return samples.

A photo comes with each call; it is neither written nor cached. An ``upload`` worker reads the
visitor's file; ``infer`` workers get the reduced photo.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from ae_core import images
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.image_files import open_image
from ae_core.data.readers import draw_test_faces
from ae_core.denoising import faces

PHOTO_SIDE = 1280  # pixels: the longer side that a photo is reduced to
PREVIEW_SIDE = 480
LOSSLESS_PIXELS = 512 * 512  # photos up to this many are kept as PNG
FACE_SIDE = 512  # pixels of a crop: models see at most an eighth of it
# Where the face of the sample is. Links promise figures of this very square.
ASTRONAUT = faces.Crop(0.43412, 0.24437, 0.147, 3.5)
WHOLE_SIDE = 640  # the longer side of a whole photo: a denoiser needs seconds for it
DRAWN_SAMPLES = 11


@dataclass(frozen=True)
class Photo:
    """A visitor's photo, reduced.

    Attributes:
        data: a JPEG or PNG file, upright, at most `PHOTO_SIDE` pixels a side.
        width: in pixels.
        height: in pixels.
        preview: a JPEG file of at most `PREVIEW_SIDE` pixels a side.
    """

    data: bytes
    preview: bytes
    width: int
    height: int


def take_photo(data: bytes, name: str) -> Photo:
    """Open a visitor's file and reduce the photo.

    Raises:
        UserError: see `ae_core.data.image_files.open_image`.
    """
    photo = open_image(data, name)
    photo.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _kept(photo)


def turn(photo: bytes) -> Photo:
    """Turn `Photo.data` by 90° clockwise: not every camera says which side was up."""
    return _kept(_opened(photo).transpose(Image.Transpose.ROTATE_270))


def find_faces(photo: bytes) -> tuple[faces.Crop, ...]:
    """Return the squares around the faces in `Photo.data`, the largest first."""
    return faces.find_faces(_opened(photo))


def cut_face(photo: bytes, crop: faces.Crop) -> np.ndarray:
    """Cut a crop out of `Photo.data`; return (S, S, 3) uint8, S at most `FACE_SIDE`."""
    return faces.cut(_opened(photo), crop, FACE_SIDE)


def cut_head(photo: bytes, crop: faces.Crop) -> np.ndarray:
    """Cut the head of a crop's face out of `Photo.data`; return (S, S, 3) uint8 likewise."""
    return faces.cut_head(_opened(photo), crop, FACE_SIDE)


def middle_square(photo: bytes) -> np.ndarray:
    """Return the square in the middle of `Photo.data`: (S, S, 3) uint8, S at most `FACE_SIDE`."""
    whole = _opened(photo)
    side = min(*whole.size, FACE_SIDE)
    return np.asarray(ImageOps.fit(whole, (side, side), Image.Resampling.LANCZOS))


def whole_photo(photo: bytes) -> np.ndarray:
    """Return all of `Photo.data`, reduced to `WHOLE_SIDE`: (H, W, 3) uint8."""
    whole = _opened(photo)
    whole.thumbnail((WHOLE_SIDE, WHOLE_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(whole)


def samples(framing: str = "face", channels: int = 1) -> list[np.ndarray]:
    """Return sample faces for visitors without a photo, (S, S, C) uint8.

    The first one is the photo of an astronaut, the others are drawn.

    Args:
        framing: ``face`` or ``head``, see `ae_core.data.catalog.ImageSetCard`.
        channels: C of the drawn ones, 1 or 3.
    """
    from skimage import data

    astronaut = Image.fromarray(data.astronaut())
    toys = IMAGE_SETS["toy-faces"]
    drawn = draw_test_faces(DRAWN_SAMPLES, channels, toys.train_count, toys.test_count)
    cut = faces.cut_head if framing == "head" else faces.cut
    return [cut(astronaut, ASTRONAUT, FACE_SIDE), *map(images.to_bytes_range, drawn)]


def _kept(photo: Image.Image) -> Photo:
    """Return a reduced photo as files; the image is reduced further."""
    data = _to_file(photo)
    width, height = photo.size
    photo.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=2.0)
    preview = io.BytesIO()
    photo.save(preview, "JPEG", quality=80)
    return Photo(data, preview.getvalue(), width, height)


def _opened(photo: bytes) -> Image.Image:
    with Image.open(io.BytesIO(photo), formats=("JPEG", "PNG")) as image:
        return image.convert("RGB")


def _to_file(photo: Image.Image) -> bytes:
    buffer = io.BytesIO()
    if photo.width * photo.height <= LOSSLESS_PIXELS:
        photo.save(buffer, "PNG", compress_level=1)
    else:
        photo.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()
