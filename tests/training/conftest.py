"""The images that these tests train on."""

import pytest

from tests.helpers.training import some_digits


@pytest.fixture(scope="module")
def images():
    return some_digits()
