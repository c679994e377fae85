"""The student's prediction before the results are shown, and its comparison with them."""

import streamlit as st

from ae_core.lessons.expressions import MissingFigure
from ae_core.lessons.schema import Guess, Lesson
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.lessons.class_guess import tell_class
from pages.ui.lessons.progress import Progress, take_guess


def ask(guess: Guess, progress: Progress, lesson: Lesson) -> None:
    """Ask for the guess if it has not been made yet."""
    key = f"lessons.guess.{lesson.id}.{progress.step}"
    with st.container(border=True):
        st.markdown(f"### {text('lessons.predict')}")
        if guess.choices:
            st.radio(
                guess.question,
                range(1, len(guess.choices) + 1),
                index=None,
                format_func=lambda number: guess.choices[number - 1],
                key=key,
            )
        else:
            numbers = (guess.low, guess.high, (guess.low + guess.high) / 2, guess.step)
            whole = all(number.is_integer() for number in numbers)
            low, high, middle, step = (int(one) if whole else one for one in numbers)
            st.slider(
                f"{guess.question} ({guess.unit})" if guess.unit else guess.question,
                low,
                high,
                middle,
                step,
                format="localized",
                key=key,
            )

        def take() -> None:
            value = st.session_state[key]
            if value is None:
                st.toast(text("lessons.choose_first"))
            else:
                take_guess(progress, float(value))
                tell_class(lesson, progress.step, float(value))

        st.button(text("lessons.my_guess"), type="primary", on_click=take, key=f"{key}.take")


def verdict(guess: Guess, said: float, numbers: dict[str, float]) -> bool | None:
    """Return whether a guess was right, None while that is unknown."""
    try:
        truth = float(guess.truth.value(numbers))
    except MissingFigure:
        return None
    return abs(said - truth) <= (0 if guess.choices else guess.close)


def said_view(guess: Guess, said: float, numbers: dict[str, float], *, shown: bool) -> None:
    """Show the guess and, after the experiment, the true answer."""
    right = verdict(guess, said, numbers) if shown else None
    words = text("lessons.you_said", question=guess.question, said=_in_words(guess, said))
    if right is None:
        notice.info(words)
        return
    truth = _in_words(guess, float(guess.truth.value(numbers)))
    if right:
        exact = truth == _in_words(guess, said)
        answer = text("lessons.right") if exact else text("lessons.close", truth=truth)
        st.success(notice.plain(f"{words} {answer}"))
    else:
        notice.warning(f"{words} {text('lessons.wrong', truth=truth)}")


def _in_words(guess: Guess, value: float) -> str:
    if guess.choices:
        return guess.choices[round(value) - 1]
    # The truth is said as exactly as the slider can be set.
    places = 0 if guess.step.is_integer() else 1
    return f"{number(value, f'.{places}f')} {guess.unit}".strip()
