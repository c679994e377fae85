"""Shows the doctor's findings about a run, each with a button that sets up the remedy."""

import streamlit as st

from ae_core.diagnosis.doctor import examine
from ae_core.diagnosis.rules import FINE, HINT, PROBLEM, Finding
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import change
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import in_words, short_label
from pages.ui.state.query_params import set_up

MAX_LIVE, MAX_ENDED = 1, 2  # findings at once; during training, a single line in a fixed place
COLOURS = {PROBLEM: "orange", HINT: "blue", FINE: "green"}
FORMS = {"rate": "g", "share": ".0%", "gain": ".1f", "gap": ".1f"}  # others are counts


def doctor_view(snapshot: Snapshot) -> None:
    """Show the most important findings, or that all is well; nothing before epoch 1."""
    findings = examine(
        snapshot.spec, snapshot.history, status=snapshot.status, diverged=snapshot.diverged
    )
    for place, finding in enumerate(findings[: MAX_LIVE if snapshot.live else MAX_ENDED]):
        with st.container(key=f"doctor-{place}"):  # with a height that `frame` keeps
            st.markdown(_sentence(finding))
            if finding.remedy:
                _remedy(snapshot, finding)


def _sentence(finding: Finding) -> str:
    values = {name: number(value, FORMS.get(name, ".0f")) for name, value in finding.values.items()}
    badge = f":{COLOURS[finding.severity]}-badge[:material/stethoscope: {text('doctor.name')}]"
    return f"{badge} {text(f'doctor.seen.{finding.kind}', **values)}"


def _remedy(snapshot: Snapshot, finding: Finding) -> None:
    changes = ", ".join(
        text("doctor.change", setting=short_label(name), value=_value(name, value))
        for name, value in finding.remedy.items()
    )
    spec, first = change(snapshot.spec, **finding.remedy), next(iter(finding.remedy))
    if st.button(
        text("doctor.try", changes=changes),
        icon=":material/tune:",
        key=f"doctor.{snapshot.id}.{finding.kind}",
        on_click=set_up,
        args=(spec, snapshot.preset, first),
    ):
        st.rerun()  # the whole page, because the view changes


def _value(name: str, value: str | float) -> str:
    return in_words(value, name) if isinstance(value, str) else number(value, "g")
