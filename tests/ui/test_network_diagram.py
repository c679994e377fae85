"""The hourglass: one bar a layer, as wide as its numbers say, and HTML that is closed again."""

import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.models.compatibility import image_shape
from ae_core.models.shapes import infer_shapes
from ae_core.specs import PRESETS, AutoencoderSpec, Layer, preset
from pages.ui.charts.network_diagram import COLOURS, network_drawing


class Reader(HTMLParser):
    """Collects the text of every div by its class, and refuses tags that cross."""

    def __init__(self):
        super().__init__()
        self.open, self.found, self.styles = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "div":
            fields = dict(attrs)
            self.found.append([fields["class"], ""])
            self.styles.append(fields.get("style", ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "div":
            self.found[-1][1] += data


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def drawn(layers):
    reader = read(network_drawing(layers))
    bars = [
        style for (name, _), style in zip(reader.found, reader.styles, strict=True) if name == "bar"
    ]
    texts = {name: [t for n, t in reader.found if n == name] for name in ("bar", "label", "count")}
    return texts, [int(re.search(r"width:(\d+)%", style)[1]) for style in bars], bars


def planned(name):
    spec = preset(name)
    return infer_shapes(spec.autoencoder, image_shape(spec))


@pytest.mark.parametrize("name", PRESETS)
def test_a_bar_a_layer_with_its_shape_and_parameters(name):
    layers = planned(name)
    texts, widths, _ = drawn(layers)
    assert texts["bar"] == ["×".join(map(str, layer.shape)) for layer in layers]
    assert texts["label"] == [layer.label for layer in layers]
    counts = texts["count"][-len(layers) :]
    assert [int(text.replace(",", "") or 0) for text in counts] == [n.parameters for n in layers]
    assert len(widths) == len(layers)


@pytest.mark.parametrize("name", PRESETS)
def test_more_numbers_a_wider_bar(name):
    layers = planned(name)
    _, widths, _ = drawn(layers)
    numbers = [math.prod(layer.shape) for layer in layers]
    assert max(widths) == 100
    assert min(widths) >= 1
    by_numbers = [width for _, width in sorted(zip(numbers, widths, strict=True))]
    assert by_numbers == sorted(widths)


def test_the_code_is_the_neck():
    layers = planned("mnist-deep")
    _, widths, bars = drawn(layers)
    neck = widths.index(min(widths))
    assert layers[neck].part == "code"
    assert widths == widths[::-1]
    assert COLOURS["code"] in bars[neck]
    assert [bar for bar in bars if COLOURS["code"] in bar] == [bars[neck]]


WIDTHS = st.integers(1, 40)


@given(st.lists(st.builds(Layer, st.just("dense"), WIDTHS), max_size=12), WIDTHS)
def test_any_network_is_drawn(layers, latent_dim):
    spec = AutoencoderSpec(tuple(layers), tuple(layers), latent_dim)
    texts, widths, _ = drawn(infer_shapes(spec, (4, 4, 1)))
    assert len(texts["bar"]) == 2 * len(layers) + 3
    assert all(0 < width <= 100 for width in widths)
