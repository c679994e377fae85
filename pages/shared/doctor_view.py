"""What the doctor says of a run, with a link each that sets up the remedy."""

import streamlit as st

from ae_core.doctor import FINE, HINT, PROBLEM, Finding, examine
from ae_core.snapshot import Snapshot
from ae_core.specs import PRESETS, change
from pages.shared.links import settings_link
from pages.shared.session import FIRST_PRESET
from pages.shared.text import text
from pages.shared.wording import LABELS, in_words

MOST_LIVE, MOST = 1, 2  # findings at once; while it trains, one line that stays where it is
COLOURS = {PROBLEM: "orange", HINT: "blue", FINE: "green"}
FORMS = {"rate": "{:g}", "share": "{:.0%}", "gain": "{:.1f}", "gap": "{:.1f}"}  # others are counts


def doctor_view(snapshot: Snapshot) -> None:
    """Show the most important findings, or in a word that all is well; nothing before epoch 1."""
    findings = examine(
        snapshot.spec, snapshot.history, status=snapshot.status, reason=snapshot.reason
    )
    for number, finding in enumerate(findings[: MOST_LIVE if snapshot.live else MOST]):
        # As high as a link, so that nothing below moves when a link comes.
        with st.container(
            horizontal=True, vertical_alignment="center", key=f"doctor-{number}", gap="medium"
        ):
            colour = COLOURS[finding.severity]
            badge = f":{colour}-badge[:material/stethoscope: {text('doctor.name')}]"
            st.markdown(f"{badge} {_sentence(finding)}", width="stretch")
            if finding.remedy:
                _remedy(snapshot, finding)


def _sentence(finding: Finding) -> str:
    values = {
        name: FORMS.get(name, "{:.0f}").format(value) for name, value in finding.values.items()
    }
    return text(f"doctor.seen.{finding.kind}", **values)


def _remedy(snapshot: Snapshot, finding: Finding) -> None:
    preset = snapshot.preset if snapshot.preset in PRESETS else FIRST_PRESET
    spec = change(snapshot.spec, **finding.remedy)
    changes = ", ".join(
        text("doctor.change", setting=LABELS[name], value=_value(value))
        for name, value in finding.remedy.items()
    )
    st.page_link(
        "pages/train.py",
        label=text("doctor.try", changes=changes),
        icon=":material/tune:",
        query_params=settings_link(
            spec, preset, run=snapshot.id, view="Set up", show=next(iter(finding.remedy))
        ),
        width="content",
    )


def _value(value: str | float) -> str:
    return in_words(value) if isinstance(value, str) else f"{value:g}"
