"""Addresses that hold a picture: exact, remembered with the picture and gone with it."""

import base64
import gc

import numpy as np

from ae_core.images import from_png
from pages.ui.widgets import images


def test_a_small_picture_s_address_holds_it_exactly():
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 1)) / 255
    data = base64.b64decode(images.data_url(image).removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(from_png(data), np.round(image * 255))


def test_an_address_is_remembered_as_long_as_its_picture_and_no_longer():
    image = np.zeros((8, 8, 1))
    address = images.data_url(image)
    assert images.data_url(image) is address
    del image
    gc.collect()
    assert address not in images._urls.values()
