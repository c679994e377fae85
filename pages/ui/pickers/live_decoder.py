"""Brings a trained decoder into the visitor's browser, where views of the page find it by name.

The browser loads it from an address and keeps it. That of a run in training changes all the time:
it comes in messages.
"""

import streamlit as st

from ae_core.errors import StorageError, UserError
from ae_core.latent.explore import decoder_in_training
from pages.ui.backend.models import live_decoder
from pages.ui.backend.service import service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers.models import TrainedAutoencoder, models
from pages.ui.widgets.component import component, sent

FOLLOWED_EVERY = 2.0  # seconds

_DECODER = component(__file__, "<div hidden></div>", styled=False)


def mount(model: TrainedAutoencoder) -> None:
    """Tell the browser where a model's decoder is.

    Raises:
        UserError: it is not available.
    """
    if model.in_training:
        _follow(model.id)
    else:
        _show_address(model)


def _show_address(model: TrainedAutoencoder) -> None:
    key, decoder = f"decoder-{model.id}", live_decoder(model.file, model.id)
    where = decoder.address()
    # It is not there if another server answered the browser: then a message has it.
    missing = sent(key, "gone") == where
    data = decoder.content if missing else (model.id, where)
    _DECODER(key=key, data=data, on_gone_change=lambda: None)


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
