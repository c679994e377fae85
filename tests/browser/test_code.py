"""A run's loss in numbers, its Keras script and what can be taken home, in a real browser."""

import ast
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ae_core.export.keras_script import source
from ae_core.specs import change, preset
from tests.helpers.lab_page import metric, open_page, wait_until_drawn


def formulas(page: Page):
    """The LaTeX of every formula on the page."""
    return page.locator(".katex annotation")


def download(page: Page, label: str) -> bytes:
    button = page.get_by_role("button", name=label)
    with page.expect_download() as arriving:
        button.click()
    return Path(arriving.value.path()).read_bytes()


def open_list(page: Page, label: str) -> None:
    page.get_by_test_id("stPopover").get_by_role("button", name=label).click()


@pytest.mark.thorough
def test_a_finished_run_shows_its_loss_in_numbers_and_gives_its_files(page):
    open_page(page, "/train?preset=digits-dense&epochs=3")
    page.get_by_test_id("stBaseButton-primary").click()
    expect(page.get_by_text("Finished")).to_be_visible()
    # Comes after the figures that are read here.
    expect(page.get_by_text("In numbers, epoch 3")).to_be_visible()
    loss = metric(page, "Loss").inner_text()
    assert re.fullmatch(r"0\.\d+", loss)
    expect(formulas(page)).to_have_count(2)
    expect(formulas(page).nth(1)).to_have_text(re.compile(re.escape(f"{{{loss}}}")))
    expect(page.get_by_text("In numbers, epoch 3, pictures it has not")).to_be_visible()

    expect(page.get_by_test_id("stCode")).to_have_count(0)  # not before it is opened
    page.get_by_text("The same in Keras").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("optimizer = keras.optimizers.Adam")

    expect(page.get_by_text("The trained model opens in Keras 3.8 or newer.")).to_be_visible()
    open_list(page, "Download the program")
    script = download(page, "Script (.py)").decode()
    assert script == source(change(preset("digits-dense"), epochs=3), (32, 32, 1))
    ast.parse(script)
    notebook = json.loads(download(page, "Notebook (.ipynb)"))
    assert notebook["nbformat"] == 4
    with zipfile.ZipFile(io.BytesIO(download(page, "Trained model (.keras)"))) as model:
        assert {"config.json", "model.weights.h5"} <= set(model.namelist())


def half_a_digit(written: str) -> float:
    """Return how far a number may be from what was rounded to it."""
    return 0.5 * 10.0 ** -len(written.partition(".")[2])


@pytest.mark.thorough
def test_a_variational_loss_adds_up_while_it_is_watched(page):
    open_page(
        page,
        "/train?preset=digits-dense&epochs=2000&bottleneck=variational&loss=bernoulli-nll&beta=2",
    )
    page.get_by_test_id("stBaseButton-primary").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    wait_until_drawn(page)
    loss, reconstruction, kl = re.fullmatch(
        r".*L} = ([\d.]+) &= \\underbrace{([\d.]+)}.*2 \\cdot \\underbrace{([\d.]+)}.*",
        formulas(page).nth(1).text_content(),
        re.DOTALL,
    ).groups()
    rounded = half_a_digit(loss) + half_a_digit(reconstruction) + 2 * half_a_digit(kl)
    assert abs(float(loss) - float(reconstruction) - 2 * float(kl)) <= 1.001 * rounded
    assert metric(page, "Loss").inner_text() == loss
    open_list(page, "Download the program")
    expect(page.get_by_role("button", name="Notebook (.ipynb)")).to_be_visible()
    expect(page.get_by_role("button", name="Trained model (.keras)")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()
    open_list(page, "Download the program")
    expect(page.get_by_role("button", name="Trained model (.keras)")).to_be_visible()


@pytest.mark.thorough
def test_the_script_of_a_set_up_comes_with_the_pictures_it_needs(page):
    open_page(page, "/train?preset=toy-faces-vae")
    page.get_by_text("The same in Keras").click()
    expect(page.get_by_test_id("stCode")).to_contain_text('np.load("pictures.npz")')
    open_list(page, "Pictures for it")
    arrived = download(page, "All pictures (pictures.npz)")
    with np.load(io.BytesIO(arrived), allow_pickle=False) as pictures:
        assert pictures["train"].shape == (5000, 64, 64, 1)
        assert pictures["test"].shape == (1000, 64, 64, 1)
