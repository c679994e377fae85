"""What becomes of an ended run: anybody sets it up again, its owner keeps or deletes it."""

import streamlit as st

from ae_core.runs.housekeeping import MB, WARNING
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.service import classroom_service, service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.query_params import set_up
from pages.ui.state.session import session, visitor


def ended_run_buttons(snapshot: Snapshot) -> None:
    """Show the buttons to set up an ended run again, and to keep or delete it to those who may."""
    with st.container(horizontal=True):
        if st.button(text("run.set_up_again"), icon=":material/tune:"):
            set_up(snapshot.spec, snapshot.preset)
            st.rerun()  # the whole page, because the view changes
        _keep_and_delete(snapshot)


def _keep_and_delete(snapshot: Snapshot) -> None:
    mine, run_id = snapshot.owner == visitor(), snapshot.id
    store = service().store
    if mine:
        kept = store.is_kept(run_id)
        st.button(
            text("run.keep_no_longer" if kept else "run.keep"),
            icon=":material/keep_off:" if kept else ":material/keep:",
            help=text("run.keep_help", days=round(service().housekeeping.retention.days)),
            key="run.keep",
            on_click=notice.refusals(notice.toast)(store.keep),
            args=(run_id, snapshot.owner, not kept),
        )
    if mine or _teaches(snapshot.owner):
        st.button(
            text("run.delete"),
            icon=":material/delete:",
            key="run.delete",
            on_click=_delete,
            args=(run_id, snapshot.owner),
        )


def deleted_run(run_id: str) -> bool:
    """Offer to undo the deletion of a run; return whether this visitor has just deleted it."""
    found = session().deleted
    if found is None or found[0] != run_id:
        return False
    st.info(text("run.deleted"))
    st.button(text("run.undo"), icon=":material/undo:", key="run.undo", on_click=_undo, args=found)
    return True


def space_warning() -> None:
    """Say beforehand that the visitor's oldest runs will go."""
    used, most = service().housekeeping.usage(visitor()), service().housekeeping.retention
    if used > WARNING * most.visitor_mb * MB:
        st.caption(text("run.space", used=round(used / MB), most=round(most.visitor_mb)))


def _teaches(owner: str) -> bool:
    """Return whether the visitor of this tab teaches a class with the owner of a run in it."""
    students = (classroom_service().students(code) for code in session().teaching)
    return any(student.visitor == owner for some in students for student in some)


@notice.refusals(notice.toast)
def _delete(run_id: str, owner: str) -> None:
    if service().store.delete(run_id, owner):
        session().deleted = (run_id, owner)


@notice.refusals(notice.toast)
def _undo(run_id: str, owner: str) -> None:
    restored = service().store.restore(run_id, owner)
    session().deleted = None  # after it: what the database refuses can be tried again
    if not restored:
        st.toast(text("run.undo_late"))
