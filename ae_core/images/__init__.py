"""Converts images between arrays and files, and lays them out on contact sheets.

Arrays are (H, W, C) or (N, H, W, C) float32 in [0, 1] unless a docstring says uint8.
"""

import io

import numpy as np
from PIL import Image, ImageOps

MAX_SHEET = 24_000_000  # pixels of a PNG of this app


def to_array(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    """Crop the central square of an image and resize it to (H, W, C), C = 1 (gray) or 3."""
    height, width, channels = shape
    image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image, dtype=np.float32).reshape(shape) / 255


def to_bytes_range(images: np.ndarray) -> np.ndarray:
    """Return images in [0, 1] as uint8 of the same shape, rounded."""
    scaled = np.array(images, np.result_type(images, np.float32))  # a photo's copy takes 300 MB
    np.clip(scaled, 0, 1, out=scaled)
    scaled *= 255
    scaled += 0.5
    return scaled.astype(np.uint8)


def luma(pixels: np.ndarray) -> np.ndarray:
    """Return coloured uint8 images (…, 3) in gray (…, 1), to the bit as Pillow converts them."""
    weighed = pixels.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighed + 0x8000) >> 16).astype(np.uint8)[..., np.newaxis]


def sheet(rows: np.ndarray) -> np.ndarray:
    """Lay uint8 images (R, N, H, W, C) out as one image (R·H, N·W, C) without gaps."""
    count, columns, height, width, channels = rows.shape
    return rows.transpose(0, 2, 1, 3, 4).reshape(count * height, columns * width, channels)


def rows_of_sheet(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Undo `sheet` for images of (H, W, C)."""
    height, width, channels = shape
    count, columns = image.shape[0] // height, image.shape[1] // width
    return image.reshape(count, height, columns, width, channels).transpose(0, 2, 1, 3, 4)


def to_png(image: np.ndarray) -> bytes:
    """Encode a uint8 image (H, W, C), C = 1 or 3, as PNG."""
    buffer = io.BytesIO()
    to_pillow(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def to_gif(images: np.ndarray, frame_ms: int, width: int) -> bytes:
    """Encode uint8 images (N, H, W, C) as a looping animation, about ``width`` pixels wide."""
    frames = [to_pillow(enlarged(image, width)) for image in images]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=frame_ms, loop=0
    )
    return buffer.getvalue()


def from_png(data: bytes) -> np.ndarray:
    """Decode a PNG made by `to_png` to uint8 (H, W, C).

    Raises:
        OSError, ValueError: it is damaged, larger than `MAX_SHEET`, or neither gray nor RGB.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.mode not in ("L", "RGB") or image.width * image.height > MAX_SHEET:
                raise ValueError(f"{image.mode} {image.size} is not an image of this app")
            array = np.asarray(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, SyntaxError) as error:
        raise ValueError(f"the PNG does not read: {error}") from error
    return array[..., np.newaxis] if array.ndim == 2 else array


def enlarged(image: np.ndarray, width: int) -> np.ndarray:
    """Enlarge a uint8 image (H, W, C) by an integer factor to about ``width``, unsmoothed."""
    factor = max(1, round(width / image.shape[1]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def to_pillow(image: np.ndarray) -> Image.Image:
    """Convert a uint8 image (H, W, C), C = 1 or 3, to a Pillow image."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def contact_sheet(rows: np.ndarray, width: int = 1200, gap: int = 6) -> np.ndarray:
    """Lay uint8 images (R, N, H, W, C) out with transparent gaps and enlarged pixels.

    Returns:
        (rows, columns, 4) uint8, about ``width`` wide.
    """
    count, columns, height, side, channels = rows.shape
    factor = max(1, width // (columns * side))
    big = rows.repeat(factor, axis=2).repeat(factor, axis=3)
    colours = big.repeat(3, axis=4) if channels == 1 else big
    tiles = np.concatenate([colours, np.full_like(big[..., :1], 255)], axis=4)
    gaps = np.pad(tiles, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)))
    tall, wide = count * (height * factor + gap), columns * (side * factor + gap)
    return sheet(gaps)[: tall - gap, : wide - gap]


def reduced(image: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Reduce a gray image (H, W) in [0, 1] to (H, W, C) by the mean over areas."""
    height, width, channels = shape
    full = Image.fromarray(np.asarray(image, np.float32))
    small = np.asarray(full.resize((width, height), Image.Resampling.BOX), np.float32)
    return np.repeat(small[..., np.newaxis], channels, axis=2)


def bicubic(image: np.ndarray, side: int) -> np.ndarray:
    """Resize an image (H, W, C) in [0, 1] to (side, side, C) float32, and cut what overshoots."""
    sized = np.empty((side, side, image.shape[2]), np.float32)
    for channel in range(image.shape[2]):
        # Mode F does not round to 256 steps.
        exact = Image.fromarray(np.ascontiguousarray(image[..., channel], np.float32))
        sized[..., channel] = np.asarray(exact.resize((side, side), Image.Resampling.BICUBIC))
    return np.clip(sized, 0, 1)


def error_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return |a − b|, averaged over channels, in colours from black through red to yellow.

    Args:
        a: (H, W, C) in [0, 1].
        b: the same shape and range.

    Returns:
        (H, W, 3) in [0, 1]; a difference of 0.5 or more is brightest.
    """
    error = np.clip(2 * np.abs(a - b).mean(axis=2), 0, 1)
    return np.stack([np.clip(2 * error, 0, 1), np.clip(2 * error - 1, 0, 1), 0 * error], axis=2)
