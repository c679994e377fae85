"""What of one visitor outlives a script run: the unfinished set-up, pictures, widgets.

Elsewhere ``st.session_state`` holds what widgets show.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from ae_core.data import uploads
from ae_core.denoising import photos
from ae_core.errors import Message
from ae_core.specs import TrainingSpec, preset
from pages.ui.streamlit_adapter import browser_token

T = TypeVar("T")
MAX_ASKED = 200  # keys under a name
FIRST_PRESET = "digits-dense"


@dataclass
class Draft:
    """A visitor's set-up in the making.

    Attributes:
        preset: where it started from.
        spec: always a valid one.
        rejected: what was typed but not allowed, by setting, and why.
        query: the link's settings as they were last written or read.
        group: which group of settings is shown.
    """

    preset: str = FIRST_PRESET
    spec: TrainingSpec = field(default_factory=lambda: preset(FIRST_PRESET))
    rejected: dict[str, tuple[Any, Message]] = field(default_factory=dict)
    query: dict[str, str] | None = None
    group: str = "Pictures"


def visitor() -> str:
    """Return an opaque name for this visitor, the same in every tab and after a reload."""
    if token := browser_token():
        return hashlib.sha256(token).hexdigest()[:16]
    return str(st.session_state.setdefault("visitor", secrets.token_hex(8)))


def _new_id() -> str:
    return secrets.token_hex(4)


@dataclass(frozen=True)
class Upload:
    """A visitor's image file, in memory only.

    Attributes:
        name: of the file, as the visitor's computer gave it.
        data: its bytes.
        id: another one for every file.
    """

    name: str
    data: bytes
    id: str = field(default_factory=_new_id)


@dataclass(frozen=True)
class KeptPhoto:
    """A visitor's photo of faces, in memory only.

    Attributes:
        photo: what the worker made of the file; the file itself is forgotten.
        id: another one for every photo.
    """

    photo: photos.Photo
    id: str = field(default_factory=_new_id)


@dataclass
class Collecting:
    """What a visitor is about to add to a set of own pictures, in memory only.

    Attributes:
        drawings: how many were kept; every drawing has a canvas of its own.
        readings: how often files were read; every time there is a new widget, which is empty.
        batch: what came out of the files last uploaded, until it is kept or forgotten.
        problem: why the files last uploaded could not be used.
        told: what was done last, or why it could not be; shown once.
    """

    drawings: int = 0
    readings: int = 0
    batch: uploads.Batch | None = None
    problem: Message | None = None
    told: str | Message = ""


@dataclass
class Session:
    """What a tab of a visitor's browser remembers, as long as it is open.

    Attributes:
        draft: the set-up on the Train page.
        upload: the image on the Reconstruct page.
        photo: on the Denoise page and others, until another one or `forget_photo`.
        collecting: on the page of own images.
        teaching: the secrets of the classes that are taught in this tab, by their codes.
        cached: the last key and answer by name, see `session_cached`.
        asked: keys by name, see `seen_before`.
    """

    draft: Draft = field(default_factory=Draft)
    upload: Upload | None = None
    photo: KeptPhoto | None = None
    collecting: Collecting = field(default_factory=Collecting)
    teaching: dict[str, str] = field(default_factory=dict)
    cached: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    asked: dict[str, set[Any]] = field(default_factory=dict)

    def forget_photo(self) -> None:
        """Forget the visitor's photo and all that was computed from it."""
        self.photo = None
        self.cached.clear()


def session() -> Session:
    """Return what this visitor's tab remembers."""
    kept: Session = st.session_state.setdefault("session", Session())
    return kept


def session_cached(name: str, key: Any, compute: Callable[[], T]) -> T:
    """Return what was computed last under a name, anew if the key is another one.

    For what depends on a visitor's image: it is kept for this visitor only, the last one alone.
    """
    cached = session().cached
    if name not in cached or cached[name][0] != key:
        cached[name] = (key, compute())
    value: T = cached[name][1]
    return value


def seen_before(name: str, key: Any) -> bool:
    """Whether this visitor has asked before for the answer to a question, known by name and key."""
    keys = session().asked.setdefault(name, set())
    if key in keys:
        return True
    if len(keys) >= MAX_ASKED:
        keys.clear()
    keys.add(key)
    return False
