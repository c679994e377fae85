"""Keras code of what is done to pictures: `data.corruption` and `training.augmentation`.

Every text defines one function; all randomness is in the number of the step.
"""

import numpy as np

from ae_core.data.corruption import BLUR_SHARE, LUMINANCE, blur_sigma, jpeg_quality
from ae_core.models.shapes import Shape
from ae_core.specs import Corruption, TrainingSpec

# Equal to those of `ae_core.training.augmentation`, which only workers may import; a test compares
# them.
SALT, MOVED, TURNED, SCALED = 777, 0.026, 3.0, 0.035

_NORMAL = "noise = tf.random.stateless_normal(ops.shape(x), [SEED + 1, number])"
_UNIFORM = "chance = tf.random.stateless_uniform(ops.shape(x), [SEED + 2, number])"


def corruption(noise: Corruption, image_shape: Shape) -> str:
    """Return the function ``corrupted(x, number)``, where a batch is corrupted at all."""
    a = noise.noise_amount
    one = "" if image_shape[2] == 1 else "[..., :1]"  # all channels of a pixel alike
    pixelwise = [_UNIFORM + one]
    bodies = {
        "gaussian": [_NORMAL, f"return ops.clip(x + {a} * noise, 0.0, 1.0)"],
        "heteroscedastic": [
            _NORMAL,
            f"{_UNIFORM}  # every pixel its own σ",
            f"return ops.clip(x + {2 * a} * chance * noise, 0.0, 1.0)",
        ],
        "speckle": [_NORMAL, f"return ops.clip(x + {a} * x * noise, 0.0, 1.0)"],
        "masking": [*pixelwise, f"return ops.where(chance < {a}, 0.0, x)"],
        "salt-and-pepper": [
            *pixelwise,
            f"salted = ops.where(chance >= {1 - a / 2}, 1.0, x)",
            f"return ops.where(chance < {a / 2}, 0.0, salted)",
        ],
        "block": [*pixelwise, *_block(a, image_shape)],
        "blur": _blur(a, image_shape),
        "jpeg": _jpeg(a, image_shape),
    }
    lines = [
        "def corrupted(x, number):",
        '    """What the encoder gets; the target stays clean. Equal numbers, equal noise."""',
        *(f"    {line}" if line else "" for line in bodies[noise.noise_kind]),
    ]
    return "\n".join(lines)


def _block(share: float, image_shape: Shape) -> list[str]:
    """Return the lines that black out a rectangle, somewhere else in every picture."""
    lines = []
    for side, axis, corner in (
        (image_shape[0], "rows", ":1, :1, :1"),
        (image_shape[1], "columns", "-1:, -1:, :1"),
    ):
        length = max(1, round(side * share**0.5))
        shape = "[-1, 1, 1]" if axis == "rows" else "[-1, 1]"
        lines += [
            f"first = ops.floor(chance[:, {corner}] * {side - length + 1})",
            f'{axis} = np.arange({side}, dtype="float32").reshape({shape})',
            f"in_{axis} = ({axis} >= first) & ({axis} < first + {length})",
        ]
    return [*lines, "return ops.where(in_rows & in_columns, 0.0, x)"]


def _blur(amount: float, image_shape: Shape) -> list[str]:
    deviations = [max(blur_sigma(amount, side), 1e-3) for side in image_shape[:2]]
    lines = [f"matrices = []  # σ is {BLUR_SHARE:g} · {amount:g} of a side"]
    sides = ", ".join(
        f"({side}, {sigma!r})" for side, sigma in zip(image_shape[:2], deviations, strict=True)
    )
    return [
        *lines,
        f"for side, sigma in ({sides}):",
        "    place = np.arange(side)",
        "    kernel = np.exp(-0.5 * ((place[:, np.newaxis] - place) / sigma) ** 2)",
        '    matrices.append((kernel / kernel.sum(axis=1, keepdims=True)).astype("float32"))',
        'blurred = ops.einsum("ih,nhwc,jw->nijc", matrices[0], x, matrices[1])',
        "return ops.clip(blurred, 0.0, 1.0)",
    ]


def _jpeg(amount: float, image_shape: Shape) -> list[str]:
    height, width, channels = image_shape
    quality = jpeg_quality(amount)
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = np.clip((LUMINANCE * scale + 50) // 100, 1, 255).astype(int).tolist()
    rows, columns = (height + 7) // 8, (width + 7) // 8
    pads = f"((0, 0), (0, {-height % 8}), (0, {-width % 8}), (0, 0))"
    padded = f'ops.pad(x, {pads}, "symmetric")' if height % 8 or width % 8 else "x"
    cut = f"[:, :{height}, :{width}]" if height % 8 or width % 8 else ""
    return [
        f"# JPEG of quality {quality}: the cosine coefficients of 8×8 pixels, rounded to steps.",
        "steps = [",
        *(f"    {row}," for row in table),
        "]",
        'steps = np.array(steps, "float32")[..., np.newaxis]',
        "n = np.arange(8)",
        'cosines = (np.cos((2 * n + 1) * n[:, np.newaxis] * np.pi / 16) / 2).astype("float32")',
        "cosines[0] /= np.sqrt(2)",
        f"pixels = {padded} * 255 - 128",
        f"squares = ops.reshape(pixels, (-1, {rows}, 8, {columns}, 8, {channels}))",
        'found = ops.einsum("ui,nriskc,vk->nrsuvc", cosines, squares, cosines)',
        "kept = ops.round(found / steps) * steps",
        'squares = ops.einsum("ui,nrsuvc,vk->nriskc", cosines, kept, cosines)',
        "pixels = ops.round(squares + 128) / 255",
        f"pixels = ops.reshape(pixels, (-1, {8 * rows}, {8 * columns}, {channels}))",
        f"return ops.clip(pixels, 0.0, 1.0){cut}",
    ]


def augmentation(spec: TrainingSpec) -> str:
    """Return the function ``augmented(x, number)``, where training pictures are changed."""
    start = f"""\
def augmented(x, number):
    \"\"\"Pictures that are changed anew every time they are trained on.\"\"\"
    chance = tf.random.stateless_uniform([ops.shape(x)[0], 1, 1, 1], [SEED + {SALT}, number])"""
    if spec.augment == "mirror":
        return (
            f"{start}\n"
            "    return tf.where(chance < 0.5, x, tf.reverse(x, [2]))  # mirrored every second time"
        )
    return f"""{start}
    # Turned by {TURNED:g}°, scaled by {SCALED:g} and moved by {MOVED:g} of a side, give or take.
    draws = tf.random.stateless_normal([ops.shape(x)[0], 4], [SEED + {SALT + 1}, number])
    angle, scale = math.radians({TURNED}) * draws[:, 0], 1 + {SCALED} * draws[:, 1]
    height, width = (float(side) for side in x.shape[1:3])
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    cos, sin = tf.cos(angle) / scale, tf.sin(angle) / scale
    right = middle_x - cos * middle_x + sin * middle_y + {MOVED} * width * draws[:, 2]
    down = middle_y - sin * middle_x - cos * middle_y + {MOVED} * height * draws[:, 3]
    # Mirrored every second time: looked up from the other side.
    mirrored = chance[:, 0, 0, 0] >= 0.5
    side = tf.where(mirrored, -1.0, 1.0)
    right = tf.where(mirrored, 2 * middle_x - right, right)
    cos_x, sin_x = side * cos, side * sin
    zero = tf.zeros_like(right)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.stack([cos_x, -sin_x, right, sin, cos, down, zero, zero], axis=1),
        output_shape=x.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )"""
