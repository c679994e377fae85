"""The settings of a training as frozen values, and the losses and kinds of noise that they name.

Every spec is valid: each class checks its values at creation and raises a `UserError`.
"""

from ae_core.specs.autoencoder import AutoencoderSpec
from ae_core.specs.denoiser import DenoiserSpec
from ae_core.specs.layers import Layer, format_layers, parse_layers
from ae_core.specs.limits import CHOICES, LIMITS, Limit
from ae_core.specs.presets import PRESETS, from_query, preset, to_query
from ae_core.specs.serialization import change, flatten, from_json, to_json
from ae_core.specs.training import Corruption, ImageChoice, TrainingSpec

__all__ = [
    "CHOICES",
    "LIMITS",
    "PRESETS",
    "AutoencoderSpec",
    "Corruption",
    "DenoiserSpec",
    "ImageChoice",
    "Layer",
    "Limit",
    "TrainingSpec",
    "change",
    "flatten",
    "format_layers",
    "from_json",
    "from_query",
    "parse_layers",
    "preset",
    "to_json",
    "to_query",
]
