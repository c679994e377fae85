"""A newcomer's way through the app, in a real browser."""

import re
from urllib.parse import quote

import psutil
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ae_core.storage.files import ROOT
from tests.helpers.lab_page import (
    STILL,
    box_of,
    linked,
    metric,
    open_page,
    wait_until_drawn,
    way_on,
)
from tests.helpers.refusals import pattern
from tests.helpers.trainings import MAPPED


def press_train(page: Page) -> None:
    page.get_by_test_id("stBaseButton-primary").click()


def test_train_watch_pause_step_stop_reload_reconstruct(page):
    open_page(page, "/train?preset=digits-dense&epochs=2000")
    expect(page.locator(".hourglass")).to_be_visible()
    press_train(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text(
        re.compile(r"[1-9]\d* / 2000")
    )
    first = (
        page.get_by_test_id("stMain")
        .locator("[data-testid=stImage] img")
        .first.get_attribute("src")
    )
    expect(
        page.get_by_test_id("stMain").locator("[data-testid=stImage] img").first
    ).not_to_have_attribute("src", first)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    epoch = metric(page, "Epoch").inner_text()
    number = int(epoch.split(" / ")[0])
    page.get_by_role("button", name="One epoch").click()
    expect(metric(page, "Epoch")).to_have_text(f"{number + 1} / 2000")

    address = page.url
    assert "run=" in address
    page.reload()  # changes nothing: the run belongs to the service
    expect(page.get_by_text("Paused")).to_be_visible()
    expect(metric(page, "Epoch")).to_have_text(f"{number + 1} / 2000")
    second = page.context.new_page()  # nor does a second tab, which may stop it as well
    second.goto(address)
    second.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()
    second.close()

    way_on(page, "Reconstruct pictures").click()
    expect(metric(page, "PSNR")).to_contain_text("dB")
    expect(page.get_by_text("Trained here")).to_be_visible()
    expect(page.get_by_text(re.compile(r"PCA, [\d.]+ dB"))).to_be_visible()


@pytest.mark.thorough
def test_a_closed_tab_does_not_end_a_run(page, browser, server):
    open_page(page, "/train?preset=digits-dense&image_size=8&epochs=60")
    press_train(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()  # its replay has another
    address = page.url
    page.goto("about:blank")
    open_page(page, address)
    expect(page.get_by_text("Finished")).to_be_visible()
    expect(metric(page, "Epoch")).to_have_text("60 / 60")
    page.get_by_role("button", name="Set up again").click()
    expect(page.get_by_test_id("stBaseButton-primary")).to_be_visible()
    assert "epochs=60" in page.url


@pytest.mark.thorough
def test_two_visitors_have_one_run_each_and_do_not_see_or_stop_the_others(page, stranger):
    open_page(page, "/train?preset=digits-dense&epochs=2000")
    press_train(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_text("Set up", exact=True).click()
    press_train(page)
    expect(page.get_by_text(pattern("busy"))).to_be_visible()
    page.get_by_text("Watch", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()

    open_page(stranger, "/train?view=Compare")
    expect(stranger.get_by_text("No runs yet")).to_be_visible()
    open_page(stranger, page.url)  # with the link one may watch, not stop
    expect(stranger.locator(".js-plotly-plot").first).to_be_visible()
    expect(stranger.get_by_role("button", name="Stop")).to_have_count(0)
    open_page(stranger, "/train?preset=digits-dense&image_size=8&epochs=5")
    press_train(stranger)
    expect(stranger.get_by_text("Finished")).to_be_visible()  # they train beside each other
    expect(page.get_by_text("Paused")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()


@pytest.mark.thorough
def test_a_two_number_code_shows_its_map(page, trained):
    open_page(page, f"/train?run={trained(page, MAPPED)}")
    expect(page.get_by_text("Map of codes")).to_be_visible()
    expect(page.get_by_text("Finished")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)


def test_choose_another_test_picture(page):
    open_page(page, "/reconstruct?model=digits-dense")
    expect(metric(page, "PSNR")).to_contain_text("dB")
    before = metric(page, "PSNR").inner_text()
    page.locator(".picker button").nth(5).click()
    expect(metric(page, "PSNR")).not_to_have_text(before)
    assert "picture=5" in page.url


@pytest.mark.thorough
def test_further_test_pictures_are_a_page_away(page):
    open_page(page, "/reconstruct?model=toy-faces-vae&picture=3")
    expect(page.get_by_role("button", name="Picture 3", exact=True)).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("button", name="Picture 15", exact=True)).to_be_visible()
    assert linked(page, "picture") == "15"
    page.get_by_role("button", name="Picture 20", exact=True).click()
    page.wait_for_url(re.compile("picture=20"))
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("button", name="Picture 3", exact=True)).to_be_visible()
    assert linked(page, "picture") == "0"


def test_upload_a_picture(page, tmp_path):
    path = tmp_path / "gradient.png"
    Image.linear_gradient("L").save(path)
    open_page(page, "/reconstruct?model=toy-faces-vae&source=Upload")
    page.locator("input[type=file]").set_input_files(path)
    expect(metric(page, "PSNR")).to_contain_text("dB")
    expect(page.get_by_text("black: no error")).to_be_visible()
    wait_until_drawn(page)  # the uploader of the first file is gone
    wrong = tmp_path / "words.jpg"
    wrong.write_text("not a picture")
    page.locator("input[type=file]").set_input_files(wrong)
    expect(page.get_by_text(pattern("file_kind", name="words.jpg"))).to_be_visible()


def test_draw_a_digit(page):
    open_page(page, "/reconstruct?model=digits-dense&source=Draw")
    canvas = page.get_by_role("img", name="Drawing surface, empty")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 4 / 5, steps=10)
    page.mouse.up()
    expect(metric(page, "PSNR")).to_contain_text("dB")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("its reconstruction appears here")).to_be_visible()


@pytest.mark.thorough
def test_a_table_of_runs_scrolls_within_a_phone(phone, trained):
    trained(phone, MAPPED)
    trained.let_own(phone)
    open_page(phone, "/train?view=Compare")
    expect(phone.get_by_role("table")).to_be_visible()
    main = phone.get_by_test_id("stMain").element_handle()
    # Until its chart has been fitted in, the page is wider.
    phone.wait_for_function("element => element.scrollWidth <= element.clientWidth", arg=main)


def test_a_german_browser_gets_german_words_and_a_link_that_everybody_can_open(browser, server):
    context = browser.new_context(base_url=server.url, locale="de-DE")
    page = context.new_page()
    open_page(page, "/train?preset=digits-dense")
    page.get_by_role("radio", name="Netz", exact=True).click()
    size = page.get_by_role("spinbutton", name="Codegröße")
    size.fill("8")
    size.press("Enter")
    expect(metric(page, "Kompression")).to_have_text("128 : 1")
    expect(page).to_have_title("Trainieren · Autoencoder Lab")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("radio", name="Vergleichen").click()
    expect(page).to_have_url(re.compile("latent_dim=8.*view=Compare"))
    page.get_by_role("link", name="Latenter Raum").click()
    expect(page).to_have_title("Latenter Raum · Autoencoder Lab")
    context.close()


def test_the_language_is_switched_in_the_page_and_stays(page):
    document = page.locator("html")  # a screen reader pronounces the page by its language
    open_page(page, "/train?preset=digits-dense&latent_dim=9&view=Set+up")
    expect(document).to_have_attribute("lang", "en")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="Deutsch").click()
    expect(page).to_have_title("Trainieren · Autoencoder Lab")
    expect(document).to_have_attribute("lang", "de")
    assert (linked(page, "lang"), linked(page, "latent_dim")) == ("de", "9")
    page.get_by_role("link", name="Lektionen").click()
    expect(page).to_have_title("Lektionen · Autoencoder Lab")
    assert linked(page, "lang") == "de"
    expect(document).to_have_attribute("lang", "de")
    page.reload()
    expect(document).to_have_attribute("lang", "de")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="English").click()
    expect(page).to_have_title("Lessons · Autoencoder Lab")
    expect(document).to_have_attribute("lang", "en")


def test_the_menu_over_a_phones_page_closes_by_a_tap_beside_it_or_on_a_page(phone):
    """A tap beside it does nothing else, and the next one does what it says."""
    open_page(phone, "/lessons?lang=en")
    closed, menu = phone.get_by_test_id("stExpandSidebarButton"), phone.get_by_test_id("stSidebar")
    begin = phone.get_by_role("button", name="Begin").first
    box = box_of(begin)
    beside = box["x"] + box["width"] - 5, box["y"] + box["height"] / 2
    phone.evaluate("addEventListener('click', (e) => (window.clicks ??= []).push(e.isTrusted))")
    closed.tap()
    expect(menu).to_have_attribute("data-collapsed", "false")
    phone.wait_for_function(STILL)
    assert beside[0] > box_of(menu)["width"]
    phone.touchscreen.tap(*beside)
    expect(closed).to_be_visible()
    phone.wait_for_function(STILL)
    assert phone.evaluate("window.clicks") == [True, False]  # to open it, and by which it closed
    assert linked(phone, "lesson") == ""
    phone.touchscreen.tap(*beside)
    phone.wait_for_url("**lesson=*")
    closed.tap()
    menu.get_by_role("link", name="Train", exact=True).tap()
    expect(phone).to_have_title("Train · Autoencoder Lab")
    expect(menu).to_have_attribute("data-collapsed", "true")


def test_streamlits_own_words_are_in_the_language_of_the_page(page):
    open_page(page, "/denoise?source=Upload&amount=0.3&lang=de")
    uploader, slider = page.get_by_test_id("stFileUploader"), page.get_by_test_id("stSlider")
    expect(uploader.get_by_text("Hochladen", exact=True)).to_be_visible()
    expect(uploader.get_by_text("25MB je Datei")).to_be_visible()
    expect(slider.get_by_text("0,3", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Zum Inhalt springen")).to_be_attached()
    slider.get_by_role("slider").press("ArrowRight")
    expect(slider.get_by_text("0,31", exact=True)).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
    expect(uploader.get_by_text("Upload", exact=True)).to_be_visible()
    expect(uploader.get_by_text("25MB per file")).to_be_visible()
    expect(slider.get_by_text("0.31", exact=True)).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize("milliseconds", [0, 5, 10, 20])
def test_two_quick_actions_are_both_kept(page, milliseconds):
    """The second one is sent before the address that the first one led to has arrived."""
    open_page(page, "/latent_space?model=toy-faces-vae&view=Map")
    wait_until_drawn(page)
    page.evaluate(
        """milliseconds => {
            const press = words => [...document.querySelectorAll("button")]
                .find(button => button.innerText.trim() === words).click();
            press("Match");
            setTimeout(() => press("Deutsch"), milliseconds);
        }""",
        milliseconds,
    )
    page.wait_for_url("**lang=de**")
    wait_until_drawn(page)
    assert (linked(page, "view"), linked(page, "lang")) == ("Match", "de")


def test_a_page_within_another_one_has_no_side_navigation(page):
    open_page(page, "/train?embed=true&lang=de")
    expect(page.get_by_test_id("stBaseButton-primary")).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)


@pytest.mark.thorough
def test_every_page_fits_a_phone_and_the_server_stays_small_and_without_tensorflow(
    first_phone, fresh_server
):
    pages = ROOT / "pages"
    for path in ("", "train?view=Compare", *(script.stem for script in pages.glob("*.py"))):
        open_page(first_phone, f"/{path}")
        main = first_phone.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= element.clientWidth"), path
        assert first_phone.get_by_test_id("stException").count() == 0, path
    first_phone.goto("about:blank")
    process = psutil.Process(fresh_server.pid)
    assert process.memory_info().rss < 210e6  # of it the denoiser, which the browser loads: 4e6
    libraries = [region.path for region in process.memory_maps()]
    assert not [path for path in libraries if "tensorflow" in path or "sklearn" in path]
    workers = process.children(recursive=True)
    assert workers, "the workers are processes of their own"


@pytest.mark.thorough
def test_a_link_cannot_smuggle_markup_in(page):
    evil = "![x](http://example.invalid/x.png) <img src=http://example.invalid/y.png> :red[z]"
    for path in (
        "/train?preset=",
        "/train?encoder=",
        "/train?run=",
        "/reconstruct?model=",
        "/denoise?model=",
        "/denoise?noise_amount=",
    ):
        open_page(page, path + quote(evil))
        message = page.get_by_test_id("stAlertContentError").first
        expect(message).to_contain_text("![x](http://example.invalid")
        assert message.locator("img").count() == 0


def test_a_link_to_a_page_asks_for_nothing_that_is_not_there(page):
    failed = []
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    open_page(page, "/train?preset=digits-dense")
    assert failed == []
