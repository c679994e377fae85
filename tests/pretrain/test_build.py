"""What is missing is said before a training begins."""

import numpy as np

from ae_core.data import loading
from ae_core.pretrain.build import pretrain
from tests.helpers.image_set_files import write_fake
from tests.helpers.refusals import refused


def test_faces_need_a_file_with_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    loading._load.cache_clear()
    path = write_fake("lfw-faces", tmp_path)
    with np.load(path) as measured:
        arrays = {name: measured[name] for name in ("jpeg", "offset", "person")}
    np.savez(path, **arrays)
    with refused("needs_labels", name="faces", file="lfw_faces.npz"):
        pretrain("faces", tmp_path / "out")
    loading._load.cache_clear()
