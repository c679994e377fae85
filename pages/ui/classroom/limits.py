"""Shows the limits and the challenge of a class in words."""

from collections.abc import Sequence

import streamlit as st

from ae_core.classroom.beginning import WEAK_EPOCHS, challenge_preset
from ae_core.classroom.model import Challenge, ClassLimits, Classroom
from ae_core.classroom.run_card import Standing
from ae_core.data.loading import card
from ae_core.specs import LIMITS, TrainingSpec, to_query
from pages.ui.backend.service import classroom_service
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import number, text
from pages.ui.i18n.wording import in_words
from pages.ui.state.session import visitor

MAX_STANDINGS, MAX_SHOWN = 3, 6  # ranks; students, because some may share a rank


def limits_in_words(limits: ClassLimits) -> str:
    """Return the limits as text, which may contain visitors' titles of image sets."""
    said = []
    if limits.epochs < LIMITS["epochs"].high:
        said.append(text("classroom.limit.epochs", epochs=limits.epochs))
    if limits.image_sets:
        said.append(", ".join(image_set_title(name) for name in limits.image_sets))
    if limits.runs:
        said.append(text("classroom.limit.runs", runs=limits.runs))
    return " · ".join(said) or text("classroom.limit.none")


def challenge_in_words(challenge: Challenge) -> str:
    """Return a challenge as text."""
    pictures = image_set_title(challenge.image_set)
    if len(card(challenge.image_set).channels) > 1:
        pictures = f"{pictures} ({in_words(challenge.channels, 'channels')})"
    return text(
        "classroom.challenge.what",
        numbers=challenge.latent_dim,
        pictures=pictures,
        side=challenge.image_size,
    )


def class_note(spec: TrainingSpec) -> None:
    """Show a student who sets up a training what the class allows, with a link to the wall."""
    where = classroom_service().class_of(visitor())
    if where is None:
        return
    classroom, student = where
    said = [limits_in_words(classroom.limits)]
    if classroom.challenge is not None:
        said.append(challenge_in_words(classroom.challenge))
        said.append(text("classroom.challenge.turn", numbers=classroom.challenge.latent_dim))
    said.append(text("classroom.own_seed", seed=str(student.seed)))
    label = text("classroom.note", code=classroom.code)
    if st.button(label, icon=":material/groups:", type="tertiary", key="classroom.note"):
        st.switch_page("pages/classroom.py", query_params={"class": classroom.code})
    st.caption(notice.plain(" · ".join(said)))
    if (race := classroom.challenge) is not None and spec.autoencoder.latent_dim > race.latent_dim:
        own = spec.autoencoder.latent_dim
        st.warning(text("classroom.challenge.no_count", numbers=race.latent_dim, own=own))


def challenge_view(
    classroom: Classroom, standings: Sequence[Standing], *, to_a_student: bool
) -> None:
    """Show a class's challenge and its leaders, and to students how to take part."""
    if classroom.challenge is None:
        return
    with st.container(border=True):
        st.markdown(f"## {notice.plain(challenge_in_words(classroom.challenge))}")
        with st.container(horizontal=True, gap="large", vertical_alignment="center"):
            best = [each for each in standings if each.rank <= MAX_STANDINGS]
            for each in best[:MAX_SHOWN]:
                st.metric(
                    f"**{each.rank}. {notice.plain(each.student.nickname)}**",
                    f"{number(each.card.psnr, '.1f')} dB",
                    text("run.numbers", count=each.card.latent_dim),
                    delta_color="off",
                    delta_arrow="off",
                    width="content",
                )
            if not best:
                st.caption(text("classroom.challenge.nobody"))
            if to_a_student:
                _take_part(classroom.challenge, classroom.limits)
        rules = text("classroom.challenge.rules")
        if to_a_student:
            rules += " " + text("classroom.challenge.weak", epochs=WEAK_EPOCHS)
        st.caption(rules)


def _take_part(challenge: Challenge, limits: ClassLimits) -> None:
    with notice.refusals(notice.warning):
        st.page_link(
            "pages/train.py",
            label=text("classroom.challenge.take_part"),
            icon=":material/play_arrow:",
            query_params={**to_query(*challenge_preset(challenge, limits)), "view": "Set up"},
        )
