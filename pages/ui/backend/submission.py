"""The only module that submits pages' runs to the service; the visitor's class must allow them."""

from collections.abc import Sequence

import streamlit as st

from ae_core.classroom.model import check_submission
from ae_core.errors import NotAllowed, UserError
from ae_core.models.compatibility import apply_setting
from ae_core.specs import TrainingSpec, change
from pages.ui.backend.service import class_wall, classroom_service, service
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import label
from pages.ui.state.addresses import visitor_address
from pages.ui.state.query_params import set_up
from pages.ui.state.session import session, visitor


def submit_run(spec: TrainingSpec, preset_name: str) -> str:
    """Put a visitor's run into the queue and return its id.

    Raises:
        NotAllowed: the visitor's class does not allow it.
        UserError: as in `TrainingService.submit`.
    """
    _check([spec])
    return service().submit(spec, visitor(), preset_name, visitor_address())


def submit_sweep(specs: Sequence[TrainingSpec], preset_name: str) -> str:
    """Put several runs of a visitor into the queue and return the id of their sweep.

    Raises:
        NotAllowed: the visitor's class does not allow one of them.
        UserError: as in `TrainingService.submit_sweep`.
    """
    _check(specs)
    return service().submit_sweep(specs, visitor(), preset_name, visitor_address())


def with_own_seed(spec: TrainingSpec) -> TrainingSpec:
    """Return settings with the visitor's own seed, if the visitor is in a class."""
    where = classroom_service().class_of(visitor())
    return spec if where is None else change(spec, seed=where[1].seed)


def _check(specs: Sequence[TrainingSpec]) -> None:
    where = classroom_service().class_of(visitor())
    if where is not None:
        classroom, student = where
        check_submission(classroom, specs, len(class_wall().runs(classroom, student)))


def refusal(error: UserError) -> None:
    """Show why runs cannot start; if the class forbids them, with buttons for allowed settings."""
    notice.error(error)
    remedy = error.remedy if isinstance(error, NotAllowed) else {}
    for name, value in remedy.items():
        shown = image_set_title(str(value)) if name == "image_set" else value
        st.button(
            text("classroom.remedy", setting=label(name), value=notice.plain(str(shown))),
            icon=":material/tune:",
            key=f"classroom.remedy.{name}",
            on_click=_take,
            args=(name, value),
        )


def _take(name: str, value: str | int | float) -> None:
    with notice.refusals(notice.toast):  # the layers may not fit that set's image sizes
        set_up(apply_setting(session().draft.spec, name, value), session().draft.preset, name)
