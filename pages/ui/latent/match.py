"""The Match view: visitors move the sliders until the image matches a target."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from ae_core.latent import explore, match
from ae_core.latent.match import MatchSlider
from ae_core.latent.match_results import MOVES, Match, level
from ae_core.models.pretrained import best_for
from ae_core.specs import LIMITS
from pages.ui.backend.service import answer, match_results
from pages.ui.i18n import notice
from pages.ui.i18n.names import label_in_words, model_title
from pages.ui.i18n.text import text
from pages.ui.latent.codes import linked_code
from pages.ui.latent.component import Reference
from pages.ui.latent.directions import linked_values
from pages.ui.latent.match_others import (
    everybody,
    kind_of_targets,
    match_link,
    offered_targets,
    other_models,
    shared_target,
)
from pages.ui.latent.sliders import Score, Slider, moving_sliders
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import linked_number, set_query
from pages.ui.state.session import session, visitor
from pages.ui.widgets.images import data_url
from pages.ui.widgets.metric import metric

STEPS = 120  # per slider


def match_view(view: LatentView) -> None:
    """Show a target, sliders, and how far the image has come on its way to the target."""
    rules = match.match_sliders(view.profile)
    if not 0 < len(rules) <= match.MAX_SLIDERS:
        notice.info(text("match.too_many", count=len(rules), most=match.MAX_SLIDERS))
        match_link(best_for("match").name, model_title(best_for("match")))
        return
    offered = offered_targets(view)
    seed = int(linked_number("target", offered[0], LIMITS["seed"]))
    moves = int(linked_number("moves", 0, MOVES))
    target = shared_target(view, seed)
    origin = view.profile.mean
    if moves and "strengths" not in st.query_params:  # a link of earlier versions
        origin = linked_code(view.model, view.profile, "z")
    values = linked_values(_bounds(rules)) if moves else (0.0,) * len(rules)
    code = origin + match.moved(view.profile, rules, np.array(values)) - view.profile.mean
    score = _score(view, target, code, f"{view.model.id}-{seed}", moves)
    wants_hint = _headline(score, moves, offered)
    if wants_hint:
        _hint(view, rules, np.array(values), origin, target)
    if score.best - score.start < match.MIN_WAY:
        notice.info(text("match.no_way"))
        return

    def move(strengths: str) -> None:
        set_query(strengths=strengths, moves=str(moves + 1))
        session().moved = (view.model.id, seed, strengths, moves + 1)

    yours = replace(view.model, title=text("match.yours"))
    moving_sliders(
        replace(view, models=(yours,)),
        "match",
        tuple(_slider(rule, view, rules[0].effect) for rule in rules),
        values,
        move,
        origins=(origin,),
        codes=(code,),
        reset=text("match.mean"),
        reference=Reference(data_url(target[0]), text("match.target")),
        score=score,
    )
    name = f"{kind_of_targets(view.model)}-{seed}"
    # Only what the hand has just done is a result: whoever opens a link has moved nothing.
    present = (view.model.id, seed, st.query_params.get("strengths", ""), moves)
    if moves and origin is view.profile.mean and session().moved == present:
        for stars in range(1, score.won + 1):
            mine = Match(
                visitor(),
                view.model.id,
                view.model.title,
                level(name, stars),
                moves,
                round(score.reached, 2),
            )
            with notice.refusals(notice.toast):
                match_results().add(mine)
    other_models(view, seed)
    everybody(name)


def _hint(
    view: LatentView,
    rules: tuple[MatchSlider, ...],
    values: np.ndarray,
    origin: np.ndarray,
    target: np.ndarray,
) -> None:
    """Say which slider alone brings the picture nearest to the target, and which way."""

    def decode(codes: np.ndarray) -> np.ndarray:
        return view.images(codes + origin - view.profile.mean)

    found = match.best_slider(decode, view.profile, rules, values, target[0])
    if found is None:
        st.toast(text("match.no_hint"))
        return
    place, value = found
    way = "right" if value > values[place] else "left"
    st.toast(text(f"match.hint.{way}", name=_slider(rules[place], view, 1.0).label))


def _headline(score: Score, moves: int, offered: Sequence[int]) -> bool:
    """Show the moves and the buttons of the game; the help has the rules in decibels.

    Returns:
        whether the visitor wants a hint.
    """
    first, second, third = (100 * share for share in score.stars)
    rules = text(
        "match.rules",
        start=score.start,
        best=score.best,
        reached=score.reached,
        first=first,
        second=second,
        third=third,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric(text("match.moves"), moves, rules)
        st.button(
            text("match.again"),
            on_click=lambda: set_query(z="", strengths="", moves=""),
            icon=":material/replay:",
        )
        st.button(
            text("match.another"),
            on_click=lambda: set_query(
                target=str(secrets.choice(offered)), z="", strengths="", moves=""
            ),
            icon=":material/shuffle:",
        )
        return st.button(text("match.help"), icon=":material/lightbulb:")


def _score(view: LatentView, target: np.ndarray, code: np.ndarray, game: str, moves: int) -> Score:
    """Compare the images of the mean, of the model's own code and of the present code."""
    own, _ = answer(explore.encode, view.model.file, target[0])
    shown = view.images(np.stack([view.profile.mean, own, code]))
    start, best, reached = (match.likeness(target[0], image) for image in shown)
    won = match.stars(match.share_of_way(reached, start, best)) if moves else 0
    return Score(start, best, reached, match.STARS, won, game, moves)


def _bounds(rules: tuple[MatchSlider, ...]) -> tuple[tuple[float, float], ...]:
    """Return the bounds of each slider, widened by what the address rounds away."""
    return tuple((1.001 * rule.low, 1.001 * rule.high) for rule in rules)


def _slider(rule: MatchSlider, view: LatentView, largest: float) -> Slider:
    name = f"z{rule.dimension + 1}"
    axis = rule.sign * np.eye(view.profile.latent_dim, dtype=np.float32)[rule.dimension]
    return Slider(
        label=label_in_words(rule.attribute) if rule.attribute else name,
        note=f"{name}: {text('latent.sliders.changes', effect=rule.effect)}",
        low=rule.low,
        high=rule.high,
        rest=0.0,
        weight=rule.effect / largest,
        step=(rule.high - rule.low) / STEPS,
        vectors=(tuple(axis.tolist()),),
    )
