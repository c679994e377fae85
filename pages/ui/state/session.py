"""What of one visitor outlives a script run: the unfinished set-up, pictures, widgets.

Elsewhere ``st.session_state`` holds what widgets show.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ae_core.data import uploads
from ae_core.denoising import photos
from ae_core.errors import Message
from ae_core.specs import TrainingSpec, preset

T = TypeVar("T")
MAX_ASKED = 200  # keys under a name
FIRST_PRESET = "digits-dense"
# Starlette writes what is larger than this to a temporary file; the largest upload is 10 MB.
MultiPartParser.spool_max_size = 11 << 20


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
    """Return an opaque name for this visitor, the same in every tab and after a reload.

    It comes from the cookie that Streamlit sets in every browser against forged requests. The
    cookie ``2|mask|masked token|time`` changes its mask, the token stays.
    """
    parts = st.context.cookies.get("_streamlit_xsrf", "").split("|")
    if len(parts) == 4:
        try:
            mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
        except ValueError:
            mask, masked = b"", b""
        if mask and masked:
            token = bytes(byte ^ mask[i % len(mask)] for i, byte in enumerate(masked))
            return hashlib.sha256(token).hexdigest()[:16]
    return str(st.session_state.setdefault("visitor", secrets.token_hex(8)))


def draft() -> Draft:
    """Return this visitor's set-up."""
    return st.session_state.setdefault("draft", Draft())


@dataclass(frozen=True)
class Upload:
    """A visitor's picture, in memory only.

    Attributes:
        id: another one for every file.
        name: of the file, as the visitor's computer gave it.
        data: its bytes.
    """

    id: str
    name: str
    data: bytes


def uploaded() -> Upload | None:
    """Return the picture that the visitor uploaded, until another one or `forget_upload`."""
    upload: Upload | None = st.session_state.get("upload")
    return upload


def keep_upload(name: str, data: bytes) -> None:
    """Keep a picture for this visitor while the tab is open."""
    st.session_state["upload"] = Upload(secrets.token_hex(4), name, data)


def forget_upload() -> None:
    """Forget the visitor's picture."""
    st.session_state.pop("upload", None)


@dataclass(frozen=True)
class KeptPhoto:
    """A visitor's photo on the Denoise page, in memory only.

    Attributes:
        id: another one for every photo.
        photo: what the worker made of the file; the file itself is forgotten.
    """

    id: str
    photo: photos.Photo


def teaching() -> dict[str, str]:
    """Return the secrets of the classes that are taught in this tab, by their codes."""
    return st.session_state.setdefault("teaching", {})


def kept_photo() -> KeptPhoto | None:
    """Return the visitor's photo, until another one or `forget_photo`."""
    photo: KeptPhoto | None = st.session_state.get("photo")
    return photo


def keep_photo(photo: photos.Photo) -> None:
    """Keep a photo for this visitor while the tab is open; every widget that held it is new."""
    st.session_state["photo"] = KeptPhoto(secrets.token_hex(4), photo)


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


def collecting() -> Collecting:
    """Return what this visitor is about to add to a set."""
    return st.session_state.setdefault("collecting", Collecting())


def let_go(file: UploadedFile) -> None:
    """Take an uploaded file out of the server's memory: Streamlit would keep it for the session."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def forget_photo() -> None:
    """Forget the visitor's photo and all that was computed from it."""
    st.session_state.pop("photo", None)
    st.session_state.pop("recalled", None)


def session_cached(name: str, key: Any, compute: Callable[[], T]) -> T:
    """Return what was computed last under a name, anew if the key is another one.

    For what depends on a visitor's picture: it is kept for this visitor only, the last one alone.
    """
    kept = st.session_state.setdefault("recalled", {})
    if name not in kept or kept[name][0] != key:
        kept[name] = (key, compute())
    value: T = kept[name][1]
    return value


def seen_before(name: str, key: Any) -> bool:
    """Whether this visitor has asked before for the answer to a question, known by name and key."""
    asked = st.session_state.setdefault("asked", {})
    keys = asked.setdefault(name, set())
    if key in keys:
        return True
    if len(keys) >= MAX_ASKED:
        keys.clear()
    keys.add(key)
    return False
