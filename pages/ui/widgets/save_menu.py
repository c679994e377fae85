"""Offers the images of a result for download, one by one and all in one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ae_core import images
from pages.ui.i18n.text import text
from pages.ui.widgets.download_menu import File, download_menu

SHEET_WIDTH = 2048  # pixels


@dataclass(frozen=True)
class NamedImage:
    """An image of a result.

    Attributes:
        name: its name for display.
        file: the name of its file, without an ending.
        image: (H, W, C) in [0, 1].
    """

    name: str
    file: str
    image: np.ndarray


def save_menu(key: str, versions: Sequence[NamedImage]) -> None:
    """Offer images of one size as PNG files, and a sheet of them.

    Args:
        key: the name of the menu, and of the sheet's file.
        versions: the images.
    """
    files = [File(text("denoise.all"), f"{key}.png", lambda: _contact_sheet(versions))]
    files += [File(each.name, f"{each.file}.png", _png(each.image)) for each in versions]
    download_menu(key, files)


def _png(image: np.ndarray) -> Callable[[], bytes]:
    return lambda: images.to_png(images.to_bytes_range(image))


def _contact_sheet(versions: Sequence[NamedImage]) -> bytes:
    channels = max(version.image.shape[-1] for version in versions)  # gray is a colour, too
    row = np.stack(
        [
            np.repeat(images.to_bytes_range(image), channels // image.shape[-1], axis=-1)
            for image in (version.image for version in versions)
        ]
    )
    return images.to_png(images.contact_sheet(row[np.newaxis], width=SHEET_WIDTH))
