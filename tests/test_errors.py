"""What a disk's refusal says: the advice follows the system's error, and no path is named."""

import errno
import os
from pathlib import Path

import pytest

from ae_core.errors import StorageError, disk_reason
from ae_core.runs.folder import write_run
from ae_core.runs.record import new_record
from ae_core.specs import TrainingSpec
from ae_core.text.sentences import languages, sentence

REASONS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "disk_forbidden",
    errno.EPERM: "disk_forbidden",
    errno.EROFS: "disk_forbidden",
    errno.EIO: "disk_refused",
}
ROOM = {"en": "to make room", "de": "Platz schaffen soll"}


KEEPERS = {
    "run_not_saved": lambda root: write_run(root, new_record(TrainingSpec(), "", "ada"), {}),
}


@pytest.mark.parametrize("number", REASONS)
@pytest.mark.parametrize("key", KEEPERS)
def test_the_advice_fits_the_error(key, number, tmp_path, monkeypatch):
    def refuse(self, mode="r", *args, **kwargs):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError) as raised:
        KEEPERS[key](tmp_path)
    check_advice(raised.value, key, number, tmp_path)


def check_advice(error, key, number, root):
    assert (error.key, error.values["reason"].key) == (key, REASONS[number])
    for language in languages():
        said = sentence(error, language)
        assert (ROOM[language] in said) == (REASONS[number] == "disk_full")
        assert str(root) not in said
        assert ("Input/output error." in said) == (number == errno.EIO)


def test_an_error_without_a_number_says_its_kind():
    assert disk_reason(TimeoutError()).values == {"problem": "TimeoutError"}
