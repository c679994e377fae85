"""Sends a trained decoder to the visitor's browser, where views of the page find it by name.

Its weights are sent only once: for bytes that the browser already has, Streamlit sends their hash.
"""

import streamlit as st

from ae_core.errors import StorageError, UserError
from ae_core.latent.explore import decoder_in_training
from pages.ui.backend.models import live_decoder
from pages.ui.backend.service import service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.widgets.component import component

FOLLOWED_EVERY = 2.0  # seconds

_DECODER = component(__file__, "<div hidden></div>", styled=False)


def mount(model: TrainedAutoencoder) -> None:
    """Send a model's decoder to the browser.

    Raises:
        UserError: it is not available.
    """
    if model.in_training:
        _follow(model.id)
    else:
        _DECODER(key=f"decoder-{model.id}", data=live_decoder(model.file, model.id))


@st.fragment(run_every=FOLLOWED_EVERY)
@notice.refusals()
def _follow(run_id: str) -> None:
    """Repeatedly send the decoder of a run in training; the sliders keep their values."""
    try:
        model = models(run_id)[run_id]
        newest = decoder_in_training(model.file, run_id)
    except StorageError:
        raise  # the next time, the database may be there
    except UserError:  # an unknown run, or one whose weights have just been deleted
        st.rerun()  # the page then shows the error
    if not model.in_training:
        st.rerun()  # the page then shows the ended run
    _DECODER(key=f"decoder-{run_id}", data=newest)
    snapshot = service().snapshot(run_id)
    st.caption(text("latent.in_training", epoch=snapshot.epoch, epochs=snapshot.spec.epochs))
