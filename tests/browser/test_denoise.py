"""The Denoise page in a real browser: a photo, the camera, the square, the wipe, downloads."""

import base64
import io
import re
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from skimage import data

from ae_core.specs import CHOICES
from ae_core.text.sentences import entries
from tests.helpers.lab_page import box_of, metric, open_page, wait_until_drawn
from tests.helpers.refusals import pattern
from tests.helpers.written_files import no_writing, places, processes, written_since

AS_IT_IS = "&task=" + quote("Clean this photo as it is")
FILTERS = ("gaussian", "median", "total-variation", "non-local-means", "wavelet")
SQUEEZED = (
    "olivetti-faces-noisy-in-clean-out",
    "olivetti-faces-trained-on-noise-with-a-per-pixel",
)
COMMENT = b"The comment in the visitor's photo 5f1d8c52a9"


def figures(page: Page):
    return page.get_by_test_id("stMetricValue")


def read(page: Page) -> list[str]:
    """The three figures, once all is shown."""
    expect(page.locator(".wipe")).to_be_visible()
    wait_until_drawn(page)
    expect(figures(page)).to_have_count(3)
    return figures(page).all_inner_texts()


def choose(page: Page, option: str) -> None:
    page.get_by_role("radio", name=option, exact=True).click()


def jpeg(pixels: int, quality: int) -> bytes:
    """The astronaut with her surroundings, 4:3, enlarged to so many pixels."""
    width = round((pixels * 4 / 3) ** 0.5)
    image = Image.fromarray(data.astronaut()).crop((0, 0, 512, 384))
    file = io.BytesIO()
    image.resize((width, width * 3 // 4), Image.Resampling.BICUBIC).save(
        file, "JPEG", quality=quality, comment=COMMENT
    )
    return file.getvalue()


@pytest.fixture(scope="module")
def photo() -> bytes:
    """12 megapixels, as a phone makes them."""
    made = jpeg(12_000_000, 97)
    assert 2**20 < len(made) < 10 << 20
    return made


@pytest.fixture(scope="module")
def small_photo() -> bytes:
    made = jpeg(500_000, 90)
    assert len(made) < 2**20
    return made


def portrait(faces: int, turned: int = 0) -> bytes:
    """So many faces and little else, side by side and every other one mirrored.

    All of it is turned clockwise by so many degrees.
    """
    head = Image.fromarray(data.astronaut()).crop((100, 0, 360, 260))
    both = (head, head.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    image = Image.new("RGB", (260 * faces, 260))
    for number in range(faces):
        image.paste(both[number % 2], (260 * number, 0))
    file = io.BytesIO()
    image.rotate(-turned, Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def upload(page: Page, content: bytes, name: str = "mine.jpg") -> None:
    file: FilePayload = {"name": name, "mimeType": "image/jpeg", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)


# --- figures ---------------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_sample_face_shows_its_figures_at_once_and_every_other_source_can_be_seen(page):
    open_page(page, "/denoise")
    for label in ("Noisy", "Denoised", "Gain"):
        expect(metric(page, label)).to_have_text(re.compile(r"^[+−]?\d+\.\d dB$"))
    expect(page.get_by_text(re.compile(r"beats|equally well"))).to_be_visible()
    expect(page.locator("figcaption")).to_have_count(4 + 5 + len(SQUEEZED))

    column = page.get_by_test_id("stColumn").nth(1).bounding_box()
    for source in ("Samples", "Upload", "Camera", "Test set"):
        box = page.get_by_role("radio", name=source, exact=True).bounding_box()
        assert box["x"] + box["width"] <= column["x"] + column["width"], source


@pytest.mark.thorough
def test_every_kind_of_noise_is_denoised(page):
    """By its link the last one, by the list the others."""
    *others, last = (kind for kind in CHOICES["noise_kind"] if kind != "none")
    words = entries("en")
    open_page(page, f"/denoise?noise_kind={last}&noise_amount=0.3")
    for kind in (last, *others):
        if kind != last:
            before = read(page)
            menu = page.get_by_role("combobox", name="Noise")
            menu.scroll_into_view_if_needed()
            wait_until_drawn(page)  # scrolling closes its list
            menu.click()
            name = words.get(f"settings.noise_kind.{kind}") or words[f"settings.choice.{kind}"]
            page.get_by_role("option", name=name, exact=True).click()
            expect(figures(page)).not_to_have_text(before)
        expect(metric(page, "Denoised")).to_have_text(re.compile(r"^\d+\.\d dB$"))
        read(page)
        assert page.get_by_test_id("stException").count() == 0, kind
        assert page.get_by_test_id("stAlertContentError").count() == 0, kind
        assert kind == "gaussian" or f"noise_kind={kind}" in page.url


@pytest.mark.thorough
def test_figures_stay_until_new_noise_is_asked_for(page):
    open_page(page, "/denoise")
    before = read(page)
    card = page.get_by_text(re.compile("^About this model"))
    card.click()
    expect(page.get_by_text("Not for recognising people")).to_be_visible()
    card.click()
    expect(page.get_by_text("Not for recognising people")).not_to_be_visible()
    slider = page.get_by_role("slider", name="Wipe from Noisy to Denoised")
    slider.press("ArrowRight")
    assert read(page) == before

    first = page.locator("figcaption").first
    expect(first).to_contain_text("64×64")
    choose(page, "Colour")
    expect(first).not_to_contain_text("64×64")
    assert "size=Colour" in page.url
    choose(page, "64×64")
    expect(first).to_contain_text("64×64")
    assert read(page) == before
    page.reload()
    assert read(page) == before

    noisy = page.locator("figure img").nth(1)
    pixels = noisy.get_attribute("src")
    page.get_by_role("button", name="New noise").click()
    expect(noisy).not_to_have_attribute("src", pixels)  # its figures may be the same, to a tenth
    assert "seed=" in page.url


@pytest.mark.thorough
def test_a_photo_taken_as_it_is_shows_its_noise(page):
    open_page(page, "/denoise?size=Colour" + AS_IT_IS)
    expect(metric(page, "Noise in the photo")).to_have_text(re.compile(r"^σ ≈ 0\.\d+$"))
    expect(metric(page, "Left after denoising")).to_have_text(re.compile(r"^σ ≈ 0\.\d+$"))
    noise = metric(page, "Noise in the photo").inner_text()  # everywhere the same
    expect(page.locator("figcaption").first).to_have_text(f"Photo{noise}")


@pytest.mark.thorough
def test_no_noise_at_all_is_no_infinite_figure(page):
    open_page(page, "/denoise?noise_amount=0")
    expect(metric(page, "Denoised")).to_contain_text("dB")
    assert not any("inf" in text or "nan" in text for text in read(page))


def test_a_bad_link_is_answered_in_sentences(page):
    open_page(
        page, "/denoise?noise_amount=7&seed=-1&noise_kind=foo&picture=x&source=y&size=z&task=t"
    )
    read(page)
    errors = page.get_by_test_id("stAlertContentError")
    expect(errors).to_have_text(
        [
            pattern("between", name="noise_amount", value=7, low=0, high=1),
            pattern("whole", name="seed", value=-1, low=0, high=2**31 - 1),
        ]
    )
    expect(errors.nth(0)).to_contain_text("Shown instead: 0.2.")
    expect(errors.nth(1)).to_contain_text("Shown instead: 0.")
    expect(page.get_by_role("combobox", name="Noise")).to_have_value("Gaussian noise")
    assert page.get_by_test_id("stException").count() == 0


# --- a photo ---------------------------------------------------------------------------------


def test_a_photo_shows_its_face_until_it_is_forgotten(page, photo):
    open_page(page, "/denoise?source=Upload")
    expect(page.get_by_text("Choose a face, upload")).to_be_visible()
    upload(page, photo)
    expect(page.locator(".crop .square")).to_be_visible()
    expect(page.get_by_text("Move the square if it does not fit the face.")).to_be_visible()
    assert page.locator(".crop img").evaluate("image => image.naturalWidth") == 480
    assert read(page)[1].endswith("dB")
    page.get_by_role("radio", name="Whole photo").click()
    expect(page.locator("figcaption")).to_have_count(4 + len(FILTERS))  # no 64×64 autoencoders
    shape = page.locator(".wipe .before").evaluate("(i) => i.naturalWidth / i.naturalHeight")
    with Image.open(io.BytesIO(photo)) as whole:
        assert shape == pytest.approx(whole.width / whole.height, rel=0.01)
    page.get_by_role("button", name="Forget this photo").click()
    expect(page.get_by_text("Choose a face, upload")).to_be_visible()
    expect(page.locator(".crop")).to_have_count(0)
    expect(figures(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_text("Choose a face, upload")).to_be_visible()
    expect(page.locator(".crop")).to_have_count(0)


def test_another_photo_takes_the_place_of_the_first(page, small_photo):
    open_page(page, "/denoise?source=Upload")
    upload(page, small_photo)
    before = read(page)
    upload(page, flat_png(), "no-face.png")
    expect(page.get_by_text("No face was found")).to_be_visible()
    expect(page.locator(".crop")).to_have_count(1)
    expect(figures(page)).not_to_have_text(before)


def flat_png() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((300, 200)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.thorough
def test_the_square_is_moved_by_mouse_and_by_keyboard(page):
    open_page(page, "/denoise?source=Upload")
    upload(page, portrait(1))
    expect(page.get_by_text("Move the square if it does not fit the face.")).to_be_visible()
    read(page)
    face = page.locator("figure img").first
    assert_moves(page, face, lambda: drag(page, 60, 30))
    square = page.locator(".square")
    square.focus()
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "ArrowRight", "ArrowDown"):
        expect(square).to_be_focused()  # still, although the figures were drawn anew
        pixels = face.get_attribute("src")
        page.keyboard.press(key)
        expect(face).not_to_have_attribute("src", pixels)
        wait_until_drawn(page)


@pytest.mark.thorough
def test_one_of_two_faces_is_chosen_with_a_click_and_its_square_is_moved(page):
    open_page(page, "/denoise?source=Upload")
    upload(page, portrait(2))
    expect(page.get_by_text("2 faces found: click the one to use.")).to_be_visible()
    read(page)
    face = page.locator("figure img").first
    pixels = face.get_attribute("src")
    assert_moves(page, face, page.get_by_role("button", name="Use face 2 of 2").click)
    wait_until_drawn(page)
    page.get_by_role("button", name="Use face 1 of 2").click()
    expect(face).to_have_attribute("src", pixels)
    read(page)
    page.locator(".square").hover(position={"x": 8, "y": 8}, timeout=5000)
    assert_moves(page, page.locator("figure img").first, lambda: drag(page, 30, 10))


def pixels_of(image) -> np.ndarray:
    """The pixels of an image whose address holds all of it."""
    data_url = image.get_attribute("src")
    with Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))) as opened:
        return np.asarray(opened, float)


@pytest.mark.thorough
def test_the_face_of_a_photo_upside_down_is_upright(page):
    seen = []
    for turned in (0, 180):
        open_page(page, "/denoise?source=Upload")
        upload(page, portrait(1, turned=turned))
        read(page)
        seen.append(pixels_of(page.locator("figure img").first))
    upright, from_upside_down = seen
    other = np.abs(upright[::-1] - upright).mean()
    assert np.abs(from_upside_down - upright).mean() < other / 4


@pytest.mark.thorough
def test_a_photo_that_lies_on_its_side_is_turned_with_a_button(page):
    open_page(page, "/denoise?source=Upload")
    upload(page, portrait(2))
    read(page)
    crop = page.locator("[class*='st-key-crop-']")
    for height in (480, 240):
        # Streamlit adds and removes other classes of a container while its script runs.
        [before] = re.findall(r"st-key-crop-\S+", crop.get_attribute("class"))
        page.get_by_role("button", name="Turn by 90°").click()
        expect(page.locator(f".{before}")).to_have_count(0)
        read(page)
        expect(page.locator(".crop img")).to_have_js_property("naturalHeight", height)
        box = box_of(page.locator(".crop img"))
        assert box["height"] / box["width"] == pytest.approx(height**2 / (480 * 240), rel=0.02)


def test_the_handle_of_a_turned_square_stays_under_the_pointer(page):
    open_page(page, "/denoise?source=Upload")
    upload(page, portrait(1, turned=45))
    read(page)
    page.locator(".corner").hover()
    before, square = box_of(page.locator(".corner")), box_of(page.locator(".square"))
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2 + 40
    page.mouse.down()
    page.mouse.move(x, y, steps=5)
    after = box_of(page.locator(".corner"))
    assert after["x"] + after["width"] / 2 == pytest.approx(x, abs=15)
    assert after["y"] + after["height"] / 2 == pytest.approx(y, abs=15)
    assert box_of(page.locator(".square"))["width"] > square["width"] + 30
    page.mouse.up()


def assert_moves(page, face, move):
    """Both the face and what is made of it change; their figures may be the same, to a tenth."""
    made = page.locator("figure img").nth(1)
    pixels = [each.get_attribute("src") for each in (face, made)]
    move()
    for each, before in zip((face, made), pixels, strict=True):
        expect(each).not_to_have_attribute("src", before)


def drag(page: Page, right: float, down: float) -> None:
    """Take the square at its upper left, away from the handle."""
    square = page.locator(".square")
    square.hover(position={"x": 8, "y": 8})  # waits until it stands still
    box = box_of(square)
    page.mouse.down()
    page.mouse.move(box["x"] + 8 + right, box["y"] + 8 + down, steps=5)
    page.mouse.up()


def test_a_file_that_is_no_picture_is_a_sentence(page):
    open_page(page, "/denoise?source=Upload")
    upload(page, b"My holidays were nice.\n" * 20, "words.jpg")
    expect(page.get_by_text(pattern("file_kind", name="words.jpg"))).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    upload(page, jpeg(100_000, 90)[:4000], "half.jpg")
    expect(page.get_by_text(pattern("file_cut", name="half.jpg"))).to_be_visible()
    expect(figures(page)).to_have_count(0)


# --- privacy ---------------------------------------------------------------------------------


@pytest.mark.thorough
def test_nothing_of_a_photo_is_left_in_a_file(page, server, photo):
    started = time.time() - 2  # file systems have coarse clocks
    middle = len(photo) // 2
    traces = (COMMENT, b"mine.jpg", photo[middle : middle + 64])
    open_page(page, "/denoise?source=Upload")
    upload(page, photo)
    read(page)
    assert len(processes(server)) > 2
    for place in places(server):
        for path, content in written_since(started, place):
            assert path == Path(__file__) or not any(t in content for t in traces), path
    page.get_by_role("button", name="Forget this photo").click()
    expect(figures(page)).to_have_count(0)


@pytest.mark.thorough
@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="Linux only")
@pytest.mark.parametrize(
    "size",
    ["small_photo", "photo"],  # Starlette would write what is over 1 MB to a temporary file
)
def test_a_photo_needs_no_file_at_all(page, server, request, size):
    open_page(page, "/denoise?source=Upload")
    content = request.getfixturevalue(size)
    with no_writing(server):
        with page.expect_response(re.compile("/upload_file/")) as answer:
            upload(page, content)
        assert answer.value.ok, answer.value.status
        assert read(page)[1].endswith("dB")


def kept_bytes(server) -> int:
    """How much the server remembers of uploaded files."""
    with urllib.request.urlopen(f"{server.url}/_stcore/metrics", timeout=10) as answer:
        text = answer.read().decode()
    sizes = re.findall(r"^cache_memory_bytes\{[^}]*UploadedFileManager[^}]*\} (\d+)", text, re.M)
    return sum(map(int, sizes))


def test_a_photo_needs_no_pandas_and_is_not_kept_by_streamlit_once_forgotten(
    page, server, small_photo
):
    before = kept_bytes(server)
    open_page(page, "/denoise?source=Upload")
    upload(page, small_photo)
    read(page)
    assert "pandas" not in Path(f"/proc/{server.pid}/maps").read_text()  # 70 MB
    page.get_by_role("button", name="Forget this photo").click()
    expect(figures(page)).to_have_count(0)
    wait_until_drawn(page)
    deadline = time.monotonic() + 30  # the server counts anew every 5 seconds only
    while kept_bytes(server) != before:
        assert time.monotonic() < deadline, "the photo is still there"
        page.wait_for_timeout(200)


# --- camera ----------------------------------------------------------------------------------


@pytest.fixture
def camera_page(page):
    """A page that may use the camera, which shows a green test picture."""
    page.context.grant_permissions(["camera"])
    yield page
    page.context.clear_permissions()


@pytest.mark.thorough
def test_a_photo_from_the_camera_has_a_square_to_move(camera_page):
    page = camera_page
    open_page(page, "/denoise?source=Camera")
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_text("No face was found")).to_be_visible()
    read(page)
    face = page.locator("figure img").first
    before = face.get_attribute("src") or ""
    page.locator(".square").focus()
    for _ in range(5):
        page.keyboard.press("-")
    expect(face).not_to_have_attribute("src", before)
    wait_until_drawn(page)
    assert_moves(page, face, lambda: drag(page, -40, -20))
    page.get_by_role("button", name="Forget this photo").click()
    expect(figures(page)).to_have_count(0)


# --- wipe and downloads ----------------------------------------------------------------------


def test_the_wipe_moves_by_keyboard_without_asking_the_server(page):
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda f: sent.append(f)))
    open_page(page, "/denoise")
    read(page)
    sent.clear()
    slider = page.get_by_role("slider", name="Wipe from Noisy to Denoised")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    line = page.locator(".wipe")
    assert line.evaluate("element => element.style.getPropertyValue('--at')") == "60%"
    assert sent == []
    noisy = page.locator("figure img").nth(1)
    pixels = noisy.get_attribute("src")
    page.get_by_role("button", name="New noise").click()
    expect(noisy).not_to_have_attribute("src", pixels)  # its figures may be the same, to a tenth
    assert len(sent) == 1  # of the button; nothing of the wipe came late
    assert line.evaluate("element => element.style.getPropertyValue('--at')") == "60%"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ("clean", "noisy", "denoised", *FILTERS, *SQUEEZED)),
        (AS_IT_IS, ("photo", "denoised", *FILTERS, *SQUEEZED)),
    ],
    ids=["with noise", "as it is"],
)
def test_every_picture_can_be_downloaded(page, query, names):
    sizes = {}
    for place in range(len(names) + 1):
        if place % 10 == 0:  # Chromium asks its user before a page's eleventh download
            open_page(page, "/denoise?picture=1" + query)
            expect(page.locator(".wipe")).to_be_visible()
            wait_until_drawn(page)
            page.get_by_role("button", name="Download", exact=True).click()
            buttons = page.get_by_test_id("stDownloadButton").get_by_role("button")
            expect(buttons).to_have_count(len(names) + 1)
        with page.expect_download() as download:
            buttons.nth(place).click()
        with Image.open(download.value.path()) as image:
            assert image.format == "PNG"
            image.load()
            sizes[download.value.suggested_filename] = image.size
    factor = 2048 // (64 * len(names))
    sheet = (len(names) * (64 * factor + 6) - 6, 64 * factor)
    assert sizes == {"denoising.png": sheet} | {f"{name}.png": (64, 64) for name in names}


# --- on a phone ------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_page_with_a_photo_is_not_wider_than_a_phone(phone, small_photo):
    page = phone
    open_page(page, "/denoise?source=Upload&size=Colour")
    upload(page, small_photo)
    read(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.get_by_test_id("stException").count() == 0
