"""Exports the script of `ae_core.export.keras_script` as a Jupyter notebook (nbformat 4.5)."""

import json
from typing import Any

from ae_core.export import keras_script, latex
from ae_core.models.shapes import Shape
from ae_core.specs import TrainingSpec
from ae_core.text.sentences import say

_WORDS = {
    "Settings": "What may be changed first.",
    "Pictures: (N, rows, columns, colours), pixels from 0 to 1": "The same pictures as in the run, "
    "held out in the same way.",
    "The network": "The same layers. Every layer's first weights are drawn from a seed of its own.",
    "It starts as a principal component analysis": "Two layers are the principal components of the "
    "pictures and stay so; the others learn what these leave.",
    "What is done to the pictures": "Drawn anew in every step, but always the same for the same "
    "number of a step.",
    "Training": "One step after the other, in the order of the run. Each line printed is an epoch.",
    "What it has learned": "The network as files that Keras opens, pictures before and after, and "
    "the curve of the loss.",
}


def notebook(spec: TrainingSpec, image_shape: Shape) -> bytes:
    """Return the notebook that trains a spec on its images (H, W, C), as an .ipynb file.

    Its code cells, joined in order, are `ae_core.export.keras_script.source`.

    Raises:
        UserError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    about = keras_script.about(spec, image_shape)
    cells = [_words(f"# {about}\n\n{keras_script.how_to_run(spec, image_shape)}")]
    for part in keras_script.parts(spec, image_shape):
        words = _WORDS.get(part.title) or loss_in_words(spec)
        cells.append(_words(f"## {part.title}\n\n{words}"))
        cells.append(_code(part.code))
    document = {
        "cells": [{"id": f"cell-{i}", **cell} for i, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def loss_in_words(spec: TrainingSpec) -> str:
    """Return the formula of the loss and the names of its parts, as Markdown."""
    parts = latex.parts_of(spec)
    meanings = "\n".join(f"- {say(f'code.meaning.{part.name}')}" for part in parts)
    return f"$${latex.in_symbols(parts)}$$\n\n{meanings}"


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": _lines(text),
    }


def _lines(text: str) -> list[str]:
    """Return a text in the form that notebooks store: lines that end in a line feed."""
    return text.splitlines(keepends=True)
