"""Reads the file ``<id>.npz`` in which earlier versions kept a visitor's image set, in gray.

Nothing in it is ever unpickled.
"""

import json
from pathlib import Path

import numpy as np

from ae_core.data.user_sets import UserImages, UserSet, check_images
from ae_core.storage.files import checked, reading


def read(path: Path) -> tuple[UserSet, UserImages]:
    """Read a whole file.

    Raises:
        DamagedFile: it cannot be read.
        FileNotFoundError: there is no such file.
    """
    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        images = UserImages(arrays["pixels"][..., np.newaxis], arrays["numbers"])
        user_set = checked(UserSet, about | {"id": path.stem, "count": len(images.numbers)})
        check_images(user_set, images)
        return user_set, images
