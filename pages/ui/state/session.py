"""A visitor's state between script runs: the unfinished set-up, images and caches.

Apart from that, ``st.session_state`` only holds the values of widgets.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from ae_core.data import uploads
from ae_core.denoising import photos
from ae_core.errors import Message
from ae_core.specs import TrainingSpec, preset
from pages.ui.state.base_path import base_path
from pages.ui.state.identity import Identity, cookie_name, earlier_identity, secret, verified
from pages.ui.streamlit_adapter import browser_token

T = TypeVar("T")
MAX_ASKED = 200  # keys per name
FIRST_PRESET = "digits-dense"


@dataclass
class Draft:
    """A visitor's unfinished set-up.

    Attributes:
        preset: the preset that it started from.
        spec: the present settings, always valid.
        rejected: rejected inputs by setting, with the reasons.
        query: the settings last written to or read from the address.
        group: the displayed group of settings.
    """

    preset: str = FIRST_PRESET
    spec: TrainingSpec = field(default_factory=lambda: preset(FIRST_PRESET))
    rejected: dict[str, tuple[Any, Message]] = field(default_factory=dict)
    query: dict[str, str] | None = None
    group: str = "Pictures"


def visitor() -> str:
    """Return an opaque name for this visitor, the same in every tab and after a reload.

    A browser that keeps no cookies gets one for each session.

    Raises:
        StorageError: the secret of the cookies is in the database, which does not answer.
    """
    if identity := known_browser():
        return identity.name
    return str(st.session_state.setdefault("visitor", secrets.token_hex(8)))


def known_browser() -> Identity | None:
    """Return who the cookie says the browser is, None if it has none of ours.

    A tab of the app's earlier version that is still open has Streamlit's alone.

    Raises:
        StorageError: as `visitor`.
    """
    cookies = st.context.cookies
    key = secret()
    written = cookies.get(cookie_name(key, base_path()), "")
    if found := verified(written, key, time.time()):
        return found[0]
    token = browser_token(cookies)
    return earlier_identity(token) if token else None


def _new_id() -> str:
    return secrets.token_hex(4)


@dataclass(frozen=True)
class KeptPhoto:
    """A visitor's photo, in memory only, for all pages and models.

    Attributes:
        photo: the worker's result for the file; the file itself is not kept.
        id: a unique id of the photo.
    """

    photo: photos.Photo
    id: str = field(default_factory=_new_id)


@dataclass
class Collecting:
    """The images that a visitor is about to add to an own set, in memory only.

    Attributes:
        drawings: the number of added drawings; every drawing has a new canvas.
        readings: the number of uploads; every upload has a new, empty widget.
        batch: the images of the last upload, until they are added or discarded.
        problem: the reason why the last upload could not be used.
        told: a message about the last action or its error, shown once.
    """

    drawings: int = 0
    readings: int = 0
    batch: uploads.Batch | None = None
    problem: Message | None = None
    told: str | Message = ""


@dataclass
class Bringing:
    """The files that a visitor brings back from home; none of them is kept.

    Attributes:
        readings: their number; every one has a new, empty widget.
        opened: how many of them could be opened.
        problem: the reason why the last one could not be opened.
    """

    readings: int = 0
    opened: int = 0
    problem: Message | None = None


@dataclass
class Session:
    """The state of a tab in a visitor's browser, kept while the tab is open.

    Attributes:
        draft: the set-up on the Train page.
        photo: the visitor's photo, until the next one or `forget_photo`.
        own_image: a unique key and the visitor's own image (H, W, C) in [0, 1] from which the
            sliders of Latent space started, likewise.
        collecting: the images on the Your pictures page.
        bringing: the files that come back from home.
        teaching: the secrets of the classes that are taught in this tab, by code.
        deleted: the run that was deleted last in this tab and its owner, or None.
        moved: the model, the target, the sliders' values and the number of moves that the last
            move of a hand led to in Match.
        cached: the last key and result by name, see `session_cached`.
        asked: keys by name, see `seen_before`.
        language: the language that an address in this tab has last asked for, or "".
        lesson_places: the parameters of the step at which each unfinished lesson was left.
        lessons_done: the lessons whose end was reached.
        noted_place: the class that was last told where this tab is, and where that was.
        led_lesson: the lesson to which a class was last sent from this tab.
    """

    draft: Draft = field(default_factory=Draft)
    photo: KeptPhoto | None = None
    own_image: tuple[Any, np.ndarray] | None = None
    collecting: Collecting = field(default_factory=Collecting)
    bringing: Bringing = field(default_factory=Bringing)
    teaching: dict[str, str] = field(default_factory=dict)
    deleted: tuple[str, str] | None = None
    moved: tuple[str, int, str, int] | None = None
    cached: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    asked: dict[str, set[Any]] = field(default_factory=dict)
    language: str = ""
    lesson_places: dict[str, dict[str, str]] = field(default_factory=dict)
    lessons_done: set[str] = field(default_factory=set)
    noted_place: tuple[str, str] | None = None
    led_lesson: str = ""

    def forget_photo(self) -> None:
        """Delete the visitor's photo and all results computed from it."""
        self.photo = self.own_image = None
        self.cached.clear()


def session() -> Session:
    """Return the state of this visitor's tab."""
    kept: Session = st.session_state.setdefault("session", Session())
    return kept


def session_cached(name: str, key: Any, compute: Callable[[], T]) -> T:
    """Return the last result under a name; compute it again if the key has changed.

    It is for results that depend on a visitor's image: only the last one is kept, and only for
    this visitor.
    """
    cached = session().cached
    if name not in cached or cached[name][0] != key:
        cached[name] = (key, compute())
    value: T = cached[name][1]
    return value


def seen_before(name: str, key: Any) -> bool:
    """Return whether this visitor has already requested the result with a name and key."""
    keys = session().asked.setdefault(name, set())
    if key in keys:
        return True
    if len(keys) >= MAX_ASKED:
        keys.clear()
    keys.add(key)
    return False
