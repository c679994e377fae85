"""The command line: ``autoencoder-lab presets | train | pretrain | denoise | import | …``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ae_core import images
from ae_core.classroom.service import ClassroomService
from ae_core.data.image_files import open_image
from ae_core.data.user_set_store import UserSetStore
from ae_core.denoising import denoise
from ae_core.errors import UserError
from ae_core.models import arrays, pretrained
from ae_core.models.compatibility import network_shapes
from ae_core.models.inference import DenoiserFile, ModelFile
from ae_core.models.shapes import parameters
from ae_core.pretrain import build, recipes
from ae_core.runs.housekeeping import Housekeeping, Retention
from ae_core.service.queue_store import clear_queue
from ae_core.specs import LIMITS, PRESETS, Corruption, change, preset
from ae_core.storage.files import atomic_write, runs_dir
from ae_core.takeover.store import open_store, take_over
from ae_core.text.sentences import sentence
from ae_core.workers import class_server, surroundings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, or 2 if the request is impossible."""
    surroundings.adopt()
    surroundings.print_anything()
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except UserError as error:
        print(f"error: {sentence(error)}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autoencoder-lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("presets", help="list the presets")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(command=_presets)

    training = commands.add_parser("train", help="train a preset and write a run folder")
    training.add_argument("--preset", required=True, metavar="NAME")
    training.add_argument("--epochs", type=int, metavar="N")
    training.add_argument("--seed", type=int, metavar="N")
    training.add_argument("--out", type=Path, required=True, metavar="DIR")
    training.add_argument("--json", action="store_true", help="print a line of JSON at the end")
    training.set_defaults(command=_train)

    making = commands.add_parser("pretrain", help="train a model of assets/pretrained again")
    making.add_argument("name", choices=sorted(build.NAMES))
    making.add_argument("--out", type=Path, default=pretrained.FOLDER, metavar="DIR")
    making.set_defaults(command=_pretrain)

    profiling = commands.add_parser("profile", help="work out the codes of a trained model again")
    profiling.add_argument("name", choices=sorted(recipes.RECIPES))
    profiling.add_argument("--out", type=Path, default=pretrained.FOLDER, metavar="DIR")
    profiling.set_defaults(command=_profile)

    cleaning = commands.add_parser("denoise", help="remove the noise from an image")
    cleaning.add_argument("source", type=Path, metavar="IN")
    cleaning.add_argument("target", type=Path, metavar="OUT", help="a .png file")
    best = pretrained.best_for("denoise").name
    cleaning.add_argument("--model", default=best, choices=sorted(pretrained.cards()))
    cleaning.add_argument("--add-noise", metavar="KIND:AMOUNT", help="for example gaussian:0.2")
    cleaning.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the noise")
    cleaning.set_defaults(command=_denoise)

    for action in arrays.ACTIONS:
        applying = commands.add_parser(action, help=f"{action} the array in an .npy file")
        applying.add_argument("source", type=Path, metavar="IN")
        applying.add_argument("target", type=Path, metavar="OUT", help="a .npy file")
        applying.add_argument("--model", required=True, choices=sorted(recipes.RECIPES))
        applying.set_defaults(command=_apply, action=action)

    serving = commands.add_parser("serve", help="serve a class: https, several web servers")
    serving.add_argument("--port", type=int, default=class_server.HTTP_PORT, metavar="N")
    serving.add_argument("--https-port", type=int, default=class_server.HTTPS_PORT, metavar="N")
    serving.add_argument(
        "--host", action="append", default=[], metavar="NAME", help="a name of this computer"
    )
    serving.set_defaults(command=_serve)

    importing = commands.add_parser("import", help="take over a folder of an earlier version")
    importing.add_argument("source", type=Path, metavar="DIR", help="its AE_RUNS_DIR")
    importing.set_defaults(command=_import)

    keeping = commands.add_parser("housekeeping", help="delete what need not stay, as servers do")
    keeping.add_argument("--clear-queue", action="store_true", help="stop all waiting runs, too")
    keeping.set_defaults(command=_housekeeping)
    return parser


def _serve(options: argparse.Namespace) -> None:
    settings = class_server.Settings(
        options.port,
        options.https_port,
        tuple(options.host),
        os.environ.get(class_server.LEVEL_SETTING, "warning").lower(),
    )
    secure, plain = settings.addresses

    def ready(by_https: bool) -> None:
        print(f"The app for your class: {secure if by_https else plain}")
        if by_https:
            print(f"Without a camera, for devices that refuse the certificate: {plain}")
        else:
            print("Without https, as Caddy is missing: browsers allow no camera.")
        print("Ctrl-C ends it.", flush=True)

    print("Starting …", flush=True)
    class_server.serve(settings, ready)


def _presets(options: argparse.Namespace) -> None:
    rows = []
    for name, spec in PRESETS.items():
        rows.append(
            {
                "name": name,
                "image_set": spec.image_set,
                "parameters": parameters(network_shapes(spec)),
                "code_size": spec.autoencoder.latent_dim,
            }
        )
    if options.json:
        print(json.dumps(rows))
        return
    print(f"{'preset':28}{'image set':16}{'parameters':>12}{'code size':>11}")
    for row in rows:
        print("{name:28}{image_set:16}{parameters:12,}{code_size:11,}".format(**row))


def _train(options: argparse.Namespace) -> None:
    spec = preset(options.preset)
    given = {"epochs": options.epochs, "seed": options.seed}
    spec = change(spec, **{name: value for name, value in given.items() if value is not None})
    record, _, _ = build.run(spec, options.preset, options.out)
    if options.json:
        last = dict(record.history[-1]) if record.history else {}
        print(json.dumps({"status": record.status, "epochs": len(record.history)} | last))
    if record.status == "failed" and record.reason is not None:
        raise UserError.from_message(record.reason)


def _pretrain(options: argparse.Namespace) -> None:
    build.pretrain(options.name, options.out)
    print(f"written to {options.out}")


def _profile(options: argparse.Namespace) -> None:
    build.write_profile(options.name, options.out)
    print(f"written to {options.out}")


def _denoise(options: argparse.Namespace) -> None:
    try:
        data = options.source.read_bytes()
    except OSError as error:
        raise UserError(
            "file_unreadable", name=str(options.source), reason=error.strerror
        ) from None
    LIMITS["seed"].check("seed", options.seed)
    if options.target.suffix.lower() != ".png":
        raise UserError("file_ending", name=str(options.target), ending=".png")
    photo = np.asarray(open_image(data, options.source.name, full_size=True))
    model = pretrained.cards()[options.model].model_file()
    told = ""
    if isinstance(model, DenoiserFile) and not options.add_noise:
        image, noise = denoise.clean_photo(model, photo)
    else:
        added = noise_of(options.add_noise) if options.add_noise else None
        result = denoise.denoise(model, photo, added, options.seed, colour=True)
        image, noise = images.to_bytes_range(result.output.image), result.noise
        if result.noisy.psnr is not None and result.output.psnr is not None:
            told = f"noisy {result.noisy.psnr:.2f} dB, denoised {result.output.psnr:.2f} dB"
    try:
        atomic_write(options.target, images.to_png(image))
    except OSError as error:
        raise UserError(
            "file_unwritable", name=str(options.target), reason=error.strerror
        ) from None
    height, width = image.shape[:2]
    print(f"written to {options.target}: {width}×{height}, noise σ ≈ {noise:.3f}")
    if told:
        print(told)


def _apply(options: argparse.Namespace) -> None:
    model = pretrained.cards()[options.model].model_file()
    assert isinstance(model, ModelFile)  # the choices are autoencoders
    made = arrays.apply(model, options.action, options.source)
    arrays.write(options.target, made)
    print(f"written to {options.target}: {made.shape} {made.dtype}")


def _housekeeping(options: argparse.Namespace) -> None:
    store = open_store(runs_dir())
    if options.clear_queue:
        print(f"{clear_queue(store.database)} waiting runs were stopped")
    ClassroomService(store.database).tidy()
    retention = Retention.of_environment()
    print(f"{UserSetStore(store.database).tidy(retention.days)} image sets were deleted")
    print(f"{Housekeeping(store, retention).tidy()} runs were deleted")


def _import(options: argparse.Namespace) -> None:
    if not options.source.is_dir():
        raise UserError("no_folder", name=str(options.source))
    store = open_store(runs_dir())
    own = options.source.resolve() == store.root.resolve()
    source = store.root if own else options.source
    print(f"taken over: {take_over(source, store)}")


def noise_of(text: str) -> Corruption:
    """Read ``KIND:AMOUNT``.

    Raises:
        UserError: the text has another form, or the kind or amount is not allowed.
    """
    kind, _, amount = text.partition(":")
    try:
        number = float(amount)
    except ValueError:
        raise UserError("noise_text", value=text) from None
    return Corruption(kind, number)


if __name__ == "__main__":
    sys.exit(main())
