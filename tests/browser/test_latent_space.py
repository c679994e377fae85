"""The Latent space page as a visitor uses it: what the hand moves is decoded in the browser."""

import io
import re
import time
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.data.toy_faces import draw_faces, sample_factors
from ae_core.images import to_bytes_range
from ae_core.latent import explore
from ae_core.latent.browser_decoder import MAX_MACS, decoder_macs
from ae_core.latent.effects import VISIBLE
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import best_for, cards
from pages.ui.widgets.component import address
from tests.helpers.lab_page import (
    box_of,
    drag,
    linked,
    metric,
    number_in,
    open_page,
    wait_for_decoders,
    wait_until_drawn,
    way_on,
)

# For each decoder the bytes that came from the server: none if they were in the browser's cache.
DECODERS_BYTES = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/bytes/")).map(({ transferSize }) => transferSize)"""
# 303 million multiply-adds: more than a browser does for a frame, and few weights.
LARGE = (
    "preset=digits-dense&image_size=32&epochs=1&steps_per_epoch=1&batch_size=1"
    "&decoder=dense64,+reshape8x8x1,+up4,+conv128,+conv256"
)
IN_ADDRESS = "([name, value]) => new URL(location).searchParams.get(name) === value"
VIEWS = ("Sliders", "Map", "Walk", "Directions", "Samples", "Posterior", "Match")


def open_view(page: Page, view: str = "Sliders", query: str = "") -> list[int]:
    """Open a view of the cartoon faces; the lengths of later websocket messages are returned."""
    sent: list[int] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(len(data))))
    open_page(page, f"/latent_space?model=toy-faces-vae&view={view}{query}")
    if view in ("Sliders", "Map", "Walk", "Directions"):
        expect(page.locator(".latent .status").first).to_have_text("")
        wait_for_decoders(page)
    wait_until_drawn(page)
    sent.clear()
    return sent


def picture(page: Page) -> str:
    """Return the pixels on the canvas, after the next frame."""
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    return page.locator(".pictures canvas").first.evaluate("(canvas) => canvas.toDataURL()")


def draws(page: Page, expected: str) -> bool:
    """Return whether the pixels on the canvas are the expected ones, at the latest after 20 s."""
    deadline = time.monotonic() + 20
    while not (same := picture(page) == expected) and time.monotonic() < deadline:
        pass  # `picture` waits for a frame
    return same


def slider(page: Page, place: int):
    return page.locator(".rows input").nth(place)


def values(page: Page) -> list[str]:
    return page.locator(".rows output").all_text_contents()


def wait_for_link(page: Page, name: str) -> None:
    page.wait_for_function(
        "(name) => new URL(location.href).searchParams.has(name)", arg=name, timeout=20_000
    )


# --- sliders ---------------------------------------------------------------------------------


def test_the_picture_follows_the_hand_and_the_server_hears_of_it_once(page):
    sent = open_view(page)
    before, others = picture(page), values(page)[1:]
    drag(page, slider(page, 0), 0.5, 0.9)
    assert picture(page) != before
    assert sent == []
    page.mouse.up()
    wait_for_link(page, "z")
    wait_until_drawn(page)
    assert len(sent) == 1
    assert values(page)[1:] == others
    after, shown = picture(page), values(page)
    page.reload()
    expect(page.locator(".rows output").first).to_have_text(shown[0])
    expect(page.locator(".latent .status").first).to_have_text("")
    assert values(page) == shown
    assert picture(page) == after


def test_sliders_go_by_keyboard_and_one_is_reset_alone(page):
    open_view(page)
    page.get_by_role("button", name="Mean").click()
    mean = values(page)
    for place in (0, 3):
        slider(page, place).focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
    moved = values(page)
    assert [i for i, (a, b) in enumerate(zip(mean, moved, strict=True)) if a != b] == [0, 3]
    page.keyboard.press("Delete")
    assert values(page) == [moved[0], *mean[1:]]
    page.locator(".rows .row").first.locator("label").dblclick()
    assert values(page) == mean


def test_random_codes_obey_the_temperature_and_mean_goes_back(page):
    open_view(page)
    page.get_by_role("button", name="Mean").click()
    mean, face = values(page), picture(page)
    page.get_by_role("button", name="Random").click()
    assert sum(a != b for a, b in zip(values(page), mean, strict=True)) >= 10
    assert picture(page) != face
    page.get_by_label(re.compile("^Temperature")).fill("0")
    expect(page.get_by_text("Temperature 0.00")).to_be_visible()
    page.get_by_role("button", name="Random").click()
    assert {number_in(value) for value in values(page)} == {0.0}  # the mean of N(0, I)
    page.get_by_role("button", name="Mean").click()
    assert values(page) == mean
    assert picture(page) == face


@pytest.mark.thorough
def test_a_test_picture_sets_all_sliders_and_the_same_code_counts_again_after_another_one(page):
    open_view(page)
    for _ in range(2):
        page.get_by_role("button", name="Mean").click()
        page.wait_for_function("() => /z=-?[0-9]/.test(location.search)")
        wait_until_drawn(page)
        mean, before = values(page), picture(page)
        page.locator(".picker button").nth(2).click()
        page.wait_for_function("() => location.search.includes('z=picture')")
        wait_until_drawn(page)
        expect(page.locator(".rows output").first).not_to_have_text(mean[0])
        assert picture(page) != before
        assert linked(page, "z") == "picture:2"


@pytest.mark.thorough
def test_an_answer_that_is_late_does_not_move_the_sliders_back(page):
    open_view(page)
    slider(page, 0).focus()
    shown = []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(170)  # longer than a view waits, shorter than an answer takes
        shown.append(number_in(values(page)[0]))
    wait_until_drawn(page)
    shown.append(number_in(values(page)[0]))
    assert shown == sorted(shown)
    assert shown[-1] == shown[-2]


@pytest.mark.thorough
def test_another_model_follows_the_same_sliders(page):
    page.goto("/train?preset=toy-faces-vae&epochs=1&steps_per_epoch=2&seed=5")
    page.get_by_test_id("stBaseButton-primary").click()
    way_on(page, "Move through its codes").wait_for()
    run = linked(page, "run")
    sent = open_view(page, "Sliders", f"&also={run}")
    canvases = page.locator(".pictures canvas")
    expect(canvases).to_have_count(2)
    wait_for_decoders(page, 2)
    picture(page)
    before = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    drag(page, slider(page, 0), 0.5, 0.95)
    picture(page)
    after = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    assert all(a != b for a, b in zip(after, before, strict=True))
    assert sent == []
    page.mouse.up()


def twins():
    """Return pairs of the app's models whose codes are equally long and small enough to be live."""
    size = {
        name: (card.spec.autoencoder.latent_dim, card.spec.images)
        for name, card in cards().items()
        if card.profile_path.exists()
        and decoder_macs(card.spec.autoencoder, image_shape(card.spec)) <= MAX_MACS
    }
    return [pair for pair in combinations(size, 2) if size[pair[0]][0] == size[pair[1]][0]]


@pytest.mark.thorough
@pytest.mark.parametrize("pair", twins(), ids="+".join)
def test_twins_encode_the_picture_themselves_and_are_both_live(page, pair):
    one, other = (cards()[name] for name in pair)
    if not IMAGE_SETS[one.spec.image_set].available:
        pytest.skip(f"needs {one.spec.image_set} in AE_DATA_DIR")
    page.goto(f"/latent_space?model={pair[0]}&also={pair[1]}&view=Sliders&z=picture:7")
    wait_for_decoders(page, 2)
    expect(page.locator(".latent .status")).to_have_text("")
    picture(page)
    canvases = page.locator(".pictures canvas")
    expect(canvases).to_have_count(2)
    for canvas, card in zip(canvases.all(), (one, other), strict=True):
        model = card.model_file()
        code, _ = explore.encode_test(model, one.spec.images, 7)
        shown = pixels(page, canvas.evaluate("(c) => c.toDataURL()"), "RGB").astype(int)
        wanted = explore.decode(model, code[np.newaxis])[0]
        assert np.abs(shown - wanted).max() <= 2
    before = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    drag(page, slider(page, 0), 0.5, 0.95)
    picture(page)
    after = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    page.mouse.up()
    assert all(a != b for a, b in zip(after, before, strict=True))


@pytest.mark.thorough
def test_twins_have_their_maps_side_by_side(page):
    if not IMAGE_SETS["mnist"].available:
        pytest.skip("needs mnist in AE_DATA_DIR")
    one, other = next(pair for pair in twins() if cards()[pair[0]].spec.autoencoder.latent_dim == 2)
    page.goto(f"/latent_space?model={one}&also={other}&view=Map")
    maps = page.locator("canvas.map")
    expect(maps).to_have_count(2)
    maps.last.scroll_into_view_if_needed()
    wait_for_decoders(page, 2)
    wait_until_drawn(page)
    left, right = (box_of(each) for each in maps.all())
    assert abs(left["y"] - right["y"]) < 2
    assert left["x"] + left["width"] <= right["x"]
    sheets = page.locator(".pictures canvas")
    before = [sheet.evaluate("(c) => c.toDataURL()") for sheet in sheets.all()]
    page.mouse.move(right["x"] + 0.3 * right["width"], right["y"] + 0.3 * right["height"])
    picture(page)
    after = [sheet.evaluate("(c) => c.toDataURL()") for sheet in sheets.all()]
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.thorough
def test_a_run_in_training_swaps_in_and_the_sliders_stay_where_they_are(page):
    page.goto("/train?preset=digits-dense&epochs=2000&latent_dim=6")
    page.get_by_test_id("stBaseButton-primary").click()
    way_on(page, "Move through its codes").wait_for()
    run = linked(page, "run")
    page.goto(f"/latent_space?model={run}")
    expect(page.locator(".latent .status").first).to_have_text("")
    expect(page.get_by_text("In training: epoch")).to_be_visible()
    wait_for_decoders(page)
    digest = f"() => window.live.decoders.get('{run}').digest"
    for _ in range(4):
        slider(page, 1).press("ArrowRight")
    wait_for_link(page, "z")
    wait_until_drawn(page)
    shown, before, first = values(page), picture(page), page.evaluate(digest)
    page.wait_for_function(f"(first) => ({digest})() !== first", arg=first)
    assert values(page) == shown
    assert picture(page) != before
    page.goto(f"/train?run={run}&view=Watch")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped").first).to_be_visible()


@pytest.mark.thorough
def test_a_decoder_too_large_for_the_browser_follows_when_the_hand_lets_go(page, trained):
    run = trained(page, LARGE)
    page.goto(f"/latent_space?model={run}")
    expect(page.locator(".latent .status").first).to_contain_text("Too large for the browser")
    wait_until_drawn(page)
    still = page.locator(".pictures img")
    before = still.get_attribute("src")
    drag(page, slider(page, 0), 0.5, 0.9)
    page.mouse.up()
    expect(still).not_to_have_attribute("src", before)


def test_of_a_long_code_the_other_sliders_are_folded_up_and_its_large_decoder_is_live(page):
    open_page(page, "/latent_space?model=olivetti-denoising")
    wait_for_decoders(page)
    assert page.locator(".rows > .row").count() == 24
    expect(page.locator(".rows summary").first).to_have_text("232 more")


def test_sliders_that_do_nothing_are_folded_up_as_unused(page):
    """Whatever model the page begins with: those above change the picture most, in this order."""
    open_page(page, "/latent_space?view=Sliders")
    card = best_for("latent")
    known = LatentProfile.from_bytes(card.profile_path.read_bytes())
    most = [f"z{dimension + 1}" for dimension in known.used[:24]]
    expect(page.locator(".rows > .row label")).to_have_text(most)
    unused = int((known.effects < VISIBLE).sum())
    summary = page.locator(".rows summary").filter(has_text="unused")
    assert summary.count() == (unused > 0)
    if unused:
        expect(summary).to_contain_text(f"{unused} unused")


def test_the_page_begins_with_named_directions_of_its_best_model_on_a_real_picture(page):
    open_page(page, "/latent_space")
    wait_for_decoders(page)
    known = LatentProfile.from_bytes(best_for("latent").profile_path.read_bytes())
    assert page.locator(".rows input").count() == len(known.direction_names) > 3
    assert page.get_by_test_id("stMain").locator("h2").count() == 1
    first = picture(page)
    page.goto("/latent_space?view=Sliders&z=picture:0")
    wait_for_decoders(page)
    expect(page.locator(".latent .status").first).to_have_text("")
    expect(page.locator("figcaption").first).to_be_visible()
    assert picture(page) == first


# --- the other views -------------------------------------------------------------------------


def test_the_map_decodes_under_the_pointer_and_keeps_a_click(page):
    sent = open_view(page, "Map")
    kept = picture(page)
    box = page.locator("canvas.map").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    hovered = picture(page)
    assert hovered != kept
    assert sent == []
    page.mouse.move(5, 5)
    assert picture(page) == kept
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    wait_for_link(page, "z")
    wait_until_drawn(page)
    assert len(sent) == 1
    page.mouse.move(5, 5)
    assert picture(page) == hovered
    page.get_by_text("Sliders", exact=True).click()
    expect(page.locator(".rows input")).to_have_count(12)
    other = pixels(page, picture(page)).astype(int) - pixels(page, hovered)
    assert np.abs(other).max() <= 2  # the address says a code in four digits


def test_the_map_goes_by_keyboard(page):
    open_view(page, "Map")
    before = picture(page)
    page.get_by_role("application").focus()
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    assert picture(page) != before
    wait_for_link(page, "z")


@pytest.mark.thorough
def test_neighbours_are_worked_out_when_asked_for(page):
    open_view(page, "Map", "&layout=t-SNE")
    before = picture(page)
    box = page.locator("canvas.map").bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    assert picture(page) != before


@pytest.mark.thorough
def test_a_walk_ends_at_the_reconstructions_and_can_be_kept(page):
    open_view(page, "Walk", "&from=picture:3&to=picture:5")
    strip = [
        image.get_attribute("src") for image in page.locator("figure:not(:has(canvas)) img").all()
    ]
    assert len(strip) == 9
    ends = [slider_end(page, key) for key in ("Home", "End")]
    for canvas, tile in zip(ends, (strip[0], strip[-1]), strict=True):
        difference = pixels(page, canvas).astype(int) - pixels(page, tile)
        assert np.abs(difference).max() <= 1
    page.get_by_role("button", name="Download", exact=True).click()
    for name, kind, frames in (("Strip (PNG)", "PNG", 1), ("Animation (GIF)", "GIF", 46)):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        with Image.open(download.value.path()) as image:
            assert (image.format, getattr(image, "n_frames", 1)) == (kind, frames)


def slider_end(page: Page, key: str) -> str:
    slider(page, 0).focus()
    page.keyboard.press(key)
    return picture(page)


def pixels(page: Page, address: str, mode: str = "L") -> np.ndarray:
    data = page.evaluate(
        "async (u) => Array.from(new Uint8Array(await (await fetch(u)).arrayBuffer()))", address
    )
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.asarray(image.convert(mode))


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A drawn face with a frame around it, as a visitor's file."""
    face = draw_faces(sample_factors(1, np.random.default_rng(77)))
    file = tmp_path_factory.mktemp("photo") / "me.png"
    canvas = Image.new("L", (300, 240), 200)
    canvas.paste(Image.fromarray(to_bytes_range(face[0])[..., 0]).resize((192, 192)), (54, 24))
    canvas.save(file)
    return file


@pytest.mark.thorough
def test_sliders_start_from_a_photo_of_ones_own(page, photo):
    open_view(page, "Sliders", "&source=My+photo")
    before = (values(page), picture(page))
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="Encode this picture").click()
    wait_for_link(page, "z")
    wait_until_drawn(page)
    assert len(linked(page, "z").split(",")) == len(values(page))
    assert values(page) != before[0]
    assert picture(page) != before[1]
    # The photo, what the model draws and the sliders are seen together.
    expect(page.get_by_text("Your picture, as the model sees it")).to_be_in_viewport()
    expect(page.locator(".pictures canvas").first).to_be_in_viewport()
    expect(slider(page, 0)).to_be_in_viewport()


def test_sliders_start_from_a_drawing(page):
    open_page(page, "/latent_space?view=Sliders&source=Drawing")
    wait_for_decoders(page)
    before = picture(page)
    canvas = page.locator(".drawing canvas[aria-label]")  # its script has run
    canvas.scroll_into_view_if_needed()
    box = box_of(canvas)
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Encode this picture").click()
    wait_for_link(page, "z")
    assert linked(page, "start") == "own"
    expect(page.get_by_text("Your picture, as the model sees it")).to_be_in_viewport()
    assert picture(page) != before


@pytest.mark.thorough
def test_a_walk_goes_to_a_photo_of_ones_own(page, photo):
    open_view(page, "Walk", "&from=picture:3&to=picture:5&source=My+photo&choose=Second+picture")
    tiles = page.locator("figure:not(:has(canvas)) img")
    before = [tiles.nth(place).get_attribute("src") for place in (0, 8)]
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="Encode this picture").click()
    expect(tiles.nth(8)).not_to_have_attribute("src", before[1])
    expect(tiles.nth(0)).to_have_attribute("src", before[0])
    difference = pixels(page, slider_end(page, "End")).astype(int) - pixels(
        page, tiles.nth(8).get_attribute("src")
    )
    assert np.abs(difference).max() <= 1


def match_share(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator(".score .share").inner_text()))


def place_best(page: Page, place: int) -> None:
    """Try places of a slider by hand and let go at the one with the best match."""
    box = box_of(slider(page, place))
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    found = []
    for step in range(17):
        x = box["x"] + (0.02 + 0.06 * step) * box["width"]
        page.mouse.move(x, y)
        picture(page)
        found.append((match_share(page), x))
    page.mouse.move(max(found)[1], y)
    picture(page)
    page.mouse.up()


@pytest.mark.thorough
def test_a_target_is_matched_and_the_result_is_shown(page):
    """A hand moves one slider after the other to its best place, and wins a star."""
    open_page(page, "/latent_space?view=Match")
    wait_for_decoders(page)
    score, won = page.locator(".score"), page.locator(".score .won")
    expect(page.locator(".score .share")).to_have_text("Match: 0%")
    assert page.locator(".score .stars").text_content() == "☆☆☆"
    before, count = box_of(page.locator(".rows")), page.locator(".rows input").count()
    for place in range(count):
        place_best(page, place)
        if won.text_content():
            break
    expect(won).to_have_text(re.compile("star"))
    assert match_share(page) >= 50
    assert "★" in page.locator(".score .stars").text_content()
    assert box_of(page.locator(".rows")) == before  # a celebration moves nothing
    expect(metric(page, "Moves")).to_have_text(str(place + 1))
    expect(page.get_by_text("Everybody's best")).to_be_visible()

    shown = match_share(page)
    page.goto(page.url)  # whoever opens the link sees the same, and nothing is celebrated
    wait_for_decoders(page)
    expect(page.locator(".score .share")).to_have_text(f"Match: {shown}%")
    assert score.locator(".confetti").count() == 0
    page.get_by_role("button", name="Another target").click()
    expect(metric(page, "Moves")).to_have_text("0")
    expect(page.locator(".score .share")).to_have_text("Match: 0%")


def test_a_star_that_is_won_stays_lit(page):
    open_page(page, "/")
    shown = page.evaluate(
        """async (path) => {
          const { Score } = await import(path);
          const place = document.createElement("div");
          const words = { match: "{share}", stars: "{count}", won_1: "1", won_2: "2", won_3: "3" };
          const game = { start: 10, best: 20, reached: 10, won: 0, game: "a" };
          game.stars = [0.5, 0.7, 0.9];
          const score = new Score(place);
          score.begin({ ...game, moves: 0 }, words);
          const seen = [12, 15.1, 12, 17.5, 10].map((psnr) => {
            score.show({ ...game, moves: 1 }, psnr, words);
            return ["share", "stars", "won"].map((it) => place.querySelector("." + it).textContent);
          });
          score.begin({ ...game, moves: 0 }, words);
          score.show({ ...game, moves: 0 }, 10, words);
          return [...seen, [place.querySelector(".stars").textContent]];
        }""",
        address("latent/score.js"),
    )
    assert shown == [
        *(["20", "☆☆☆", ""], ["51", "★☆☆", "1"], ["20", "★☆☆", "1"]),
        *(["75", "★★☆", "2"], ["0", "★★☆", "2"], ["☆☆☆"]),
    ]


def test_a_win_is_still_for_who_wants_no_motion(page):
    open_page(page, "/")
    pieces = {}
    for motion in ("reduce", "no-preference"):
        page.emulate_media(reduced_motion=motion)
        pieces[motion] = page.evaluate(
            """async (path) => {
              const { Score } = await import(path);
              const place = document.createElement("div");
              new Score(place).celebrate();
              return place.querySelectorAll(".confetti").length;
            }""",
            address("latent/score.js"),
        )
    assert pieces["reduce"] == 0 < pieces["no-preference"]


@pytest.mark.thorough
def test_a_model_of_many_numbers_sends_to_one_that_can_be_matched(page):
    open_page(page, "/latent_space?model=faces-vae&view=Match")
    expect(page.get_by_text("matching is a game with at most 16")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("link").first.click()
    expect(page.locator(".score .share")).to_have_text("Match: 0%")


def test_directions_change_the_picture_and_stay_in_the_address(page):
    sent = open_view(page, "Directions")
    before = picture(page)
    assert set(values(page)) == {"±0.00"}  # what is added to the picture, not what it has
    drag(page, page.get_by_role("slider", name="smile"), 0.5, 0.9)
    assert picture(page) != before
    assert any(added.startswith("+") for added in values(page))
    assert sent == []
    page.mouse.up()
    wait_for_link(page, "strengths")
    assert len(linked(page, "strengths").split(",")) == 8


@pytest.mark.thorough
def test_a_visitors_own_smile_is_kept_as_an_animation_and_as_a_link(page, photo, stranger):
    """The link has the code, not the photo: in another browser the decoder draws the same."""
    open_view(page, "Directions", "&source=My+photo")
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="Encode this picture").click()
    wait_for_link(page, "z")
    wait_until_drawn(page)
    before = picture(page)
    page.get_by_role("slider", name="smile").press("End")
    wait_for_link(page, "strengths")
    wait_until_drawn(page)
    assert picture(page) != before
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Animation").click()
    with Image.open(download.value.path()) as image:
        assert (image.format, image.n_frames) == ("GIF", 46)
        frames = []
        for place in (0, 23):  # there, and not yet back
            image.seek(place)
            frames.append(np.asarray(image.convert("RGB"), int))
    assert np.abs(frames[1] - frames[0]).max() > 60
    open_page(stranger, page.url)
    wait_for_decoders(stranger)
    assert draws(stranger, picture(page))  # its decoder is there before its first picture
    assert stranger.get_by_text("Your picture, as the model sees it").count() == 0


@pytest.mark.thorough
def test_new_random_codes_are_new_and_the_same_seed_gives_the_same(page):
    open_view(page, "Samples")
    image = page.locator("[data-testid=stImage] img").first
    expect(image).to_be_visible()
    first = pixels(page, image.get_attribute("src"))
    page.get_by_role("button", name="New random codes").click()
    wait_for_link(page, "seed")
    wait_until_drawn(page)
    expect(image).to_be_visible()
    again = pixels(page, image.get_attribute("src"))
    assert (first != again).any()
    page.reload()
    wait_until_drawn(page)
    expect(image).to_be_visible()
    np.testing.assert_array_equal(pixels(page, image.get_attribute("src")), again)


@pytest.mark.thorough
def test_resampling_draws_other_codes_of_the_same_picture(page):
    open_view(page, "Posterior")
    formula = page.locator(".katex").first
    before = formula.inner_text()
    page.get_by_role("button", name="Resample").click()
    wait_for_link(page, "seed")
    expect(formula).not_to_have_text(before)


@pytest.mark.thorough
def test_strips_and_grids_need_no_decoder_in_the_browser(page):
    none = (
        "export const arrivals = new EventTarget();"
        "export const decoders = { get() { throw new Error('none'); } };"
        "export default () => { throw new Error('none'); };"
    )
    page.route(
        "**/live_decoder.js", lambda route: route.fulfill(body=none, content_type="text/javascript")
    )
    open_page(page, "/latent_space?model=toy-faces-vae&view=Walk")
    expect(page.locator("figure:not(:has(canvas)) img").first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    page.get_by_test_id("stMain").get_by_text("Samples", exact=True).first.click()
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.thorough
@pytest.mark.parametrize("model", ["toy-faces-vae", "faces"])
def test_a_browser_keeps_the_decoders_and_pictures_that_it_has_loaded(page, model):
    received: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: received.append(len(data))))
    for _ in range(2):
        received.clear()
        open_page(page, f"/latent_space?model={model}")
        wait_for_decoders(page)
        expect(page.locator(".picker img[src]").first).to_be_visible()
        assert sum(received) < 100_000  # a decoder is ten times as large
    loaded = page.evaluate(DECODERS_BYTES)
    assert loaded
    assert not any(loaded)


@pytest.mark.thorough
def test_a_decoder_that_this_server_does_not_have_comes_in_a_message(page):
    page.route("**/bytes/*", lambda route: route.fulfill(status=404))
    open_page(page, "/latent_space")
    wait_for_decoders(page)
    before = picture(page)
    drag(page, slider(page, 0), 0.5, 0.9)
    assert picture(page) != before
    page.mouse.up()
    wait_for_link(page, "strengths")


@pytest.mark.thorough
def test_a_decoder_that_was_not_reached_is_asked_for_again(page):
    page.route("**/bytes/*", lambda route: route.abort())
    open_page(page, "/latent_space?view=Sliders")
    expect(page.locator(".latent .status").first).to_contain_text("Loading")
    page.unroute("**/bytes/*")
    page.get_by_test_id("stMain").get_by_text("Map", exact=True).first.click()
    wait_for_decoders(page)
    assert page.get_by_test_id("stException").count() == 0


# --- without a mouse ---

FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return [element?.id ?? "", element?.getAttribute("role") ?? element?.textContent ?? ""];
}"""


def tab_to(page: Page, found) -> None:
    """Press Tab until the focus is on what is looked for."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if found(*page.evaluate(FOCUSED)):
            return
    pytest.fail("Tab never came there")


@pytest.mark.samples(1)
@pytest.mark.parametrize("view", ["Sliders", "Map", "Walk", "Directions"])
def test_live_views_go_by_keyboard_alone(page, view):
    open_view(page, view)
    before = picture(page)
    tab_to(page, lambda name, role: role == "application" or name == "slider-0")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert picture(page) != before


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("view", "button"), [("Samples", "New random codes"), ("Posterior", "Resample")]
)
def test_random_views_go_by_keyboard_alone(page, view, button):
    open_view(page, view)
    tab_to(page, lambda _, text: text == button)
    page.keyboard.press("Enter")
    wait_for_link(page, "seed")


# --- a phone ---------------------------------------------------------------------------------


def swipe(phone: Page, element, start: float, end: float) -> None:
    """Draw a finger over an element; Playwright itself only taps."""
    box = element.bounding_box()
    y = box["y"] + box["height"] / 2
    session = phone.context.new_cdp_session(phone)

    def touch(kind: str, *shares: float) -> None:
        points = [{"x": box["x"] + share * box["width"], "y": y} for share in shares]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for step in range(1, 11):
        touch("touchMove", start + (end - start) * step / 10)
    touch("touchEnd")


@pytest.mark.thorough
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone(phone, view):
    open_view(phone, view)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert phone.get_by_test_id("stException").count() == 0
    if view in ("Sliders", "Walk", "Directions"):
        before = picture(phone)
        slider(phone, 0).scroll_into_view_if_needed()
        swipe(phone, slider(phone, 0), 0.5, 0.9)
        assert picture(phone) != before
    if view == "Map":
        before = picture(phone)
        phone.locator("canvas.map").tap(position={"x": 60, "y": 60})
        assert picture(phone) != before


@pytest.mark.thorough
def test_a_visitor_makes_a_direction_of_two_groups(page):
    """With glasses and without: the slider of the visitor's own puts glasses on."""
    labels = load_images("toy-faces").test_labels[:24]
    glasses = labels[:, IMAGE_SETS["toy-faces"].label_names.index("glasses")]
    with_it, without = np.argsort(-glasses)[:5].tolist(), np.argsort(glasses)[:5].tolist()
    open_view(page, "Directions")
    page.get_by_text("A direction of your own").click()
    for words, group, chosen in (("with it", "with", with_it), ("without it", "without", without)):
        page.get_by_text(words, exact=True).last.click()
        # The pictures to start from have the same names, and another group has pictures of its own.
        pictures = page.locator(f"[class*='st-key-own-{group}-']")
        for place, number in enumerate(chosen):
            pictures.get_by_role("button", name=f"Picture {number}", exact=True).click()
            page.wait_for_function(IN_ADDRESS, arg=[group, ";".join(map(str, chosen[: place + 1]))])
            wait_until_drawn(page)
    page.get_by_label("What do you call it?").fill("specs")
    page.get_by_label("What do you call it?").press("Enter")
    own = page.get_by_role("slider", name="specs")
    expect(own).to_be_visible()
    before = pixels(page, picture(page)).astype(int)
    own.press("End")
    page.wait_for_url("**own=2**")
    assert np.abs(pixels(page, picture(page)) - before).max() > 60
    page.get_by_role("button", name=f"Take out test picture {without[0]}").click()
    page.wait_for_function(IN_ADDRESS, arg=["without", ";".join(map(str, without[1:]))])


@pytest.mark.thorough
def test_pictures_to_choose_from_come_in_a_message_if_this_server_does_not_have_them(page):
    """They are the same, pixel by pixel, as those that the browser cuts from the file it keeps."""
    seen = []
    for missing in (False, True):
        if missing:
            page.route("**/bytes/*", lambda route: route.fulfill(status=404))
        open_page(page, "/reconstruct?model=toy-faces-vae")
        tiles = page.locator(".picker img[src]")
        expect(tiles.first).to_be_visible()
        expect(tiles).to_have_count(page.locator(".picker button").count())
        sources = tiles.evaluate_all("images => images.map((image) => image.src)")
        seen.append([hash(source) for source in sources])  # a failure prints no pictures
    assert len(set(seen[0])) > 10
    assert seen[0] == seen[1]
