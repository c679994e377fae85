"""Further models whose curves are drawn beside a model's; the address remembers them."""

import streamlit as st

from ae_core.errors import UnknownThing
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.state.query_params import set_query


def beside(model: TrainedAutoencoder, most: int) -> tuple[TrainedAutoencoder, ...]:
    """Let the visitor choose at most so many other models of the same pictures; return them."""
    linked = tuple(dict.fromkeys(filter(None, st.query_params.get("also", "").split(","))))
    available = models(model.id)
    for name in linked:
        try:
            available |= models(name)
        except UnknownThing as error:
            notice.error(text("measure.left_out", problem=error))
    spec = model.spec
    same = {
        other.id: other
        for other in available.values()
        if other.id != model.id
        and (other.spec.image_set, other.spec.image_size) == (spec.image_set, spec.image_size)
    }
    if not same:
        return ()
    chosen = [name for name in linked if name in same][:most]
    st.session_state["measure.also"] = chosen
    st.multiselect(
        text("measure.also"),
        list(same),
        format_func=lambda name: sized(same[name]),
        max_selections=most,
        key="measure.also",
        placeholder=text("measure.also_hint"),
        on_change=lambda: set_query(also=",".join(st.session_state["measure.also"])),
    )
    return tuple(same[name] for name in chosen)


def sized(model: TrainedAutoencoder) -> str:
    """Return a model's title and how many numbers its code has."""
    numbers = model.spec.autoencoder.latent_dim
    return text("measure.sized", title=model.title, numbers=numbers)
