"""The command line: ``python -m ae_core presets | train | pretrain``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ae_core import pictures, pretrained, store, weights
from ae_core.data import IMAGE_SETS, ImageSetCorrupt, ImageSetUnavailable, load_images
from ae_core.plan import parameters
from ae_core.refit import plan_of
from ae_core.specs import PRESETS, TrainingSpec, change, preset


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, or 2 when it was asked for something impossible."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (ValueError, ImageSetUnavailable, ImageSetCorrupt, store.StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ae_core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("presets", help="list the presets")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(command=_presets)

    training = commands.add_parser("train", help="train a preset and write a run folder")
    training.add_argument("--preset", required=True, metavar="NAME")
    training.add_argument("--epochs", type=int, metavar="N")
    training.add_argument("--seed", type=int, metavar="N")
    training.add_argument("--out", type=Path, required=True, metavar="DIR")
    training.add_argument("--json", action="store_true", help="end with a line of JSON")
    training.set_defaults(command=_train)

    making = commands.add_parser("pretrain", help="make a model of assets/pretrained anew")
    making.add_argument("name", choices=sorted(pretrained.RECIPES))
    making.add_argument("--out", type=Path, default=pretrained.FOLDER, metavar="DIR")
    making.set_defaults(command=_pretrain)
    return parser


def _presets(options: argparse.Namespace) -> None:
    rows = []
    for each in PRESETS.values():
        rows.append(
            {
                "name": each.name,
                "image_set": each.spec.image_set,
                "parameters": parameters(plan_of(each.spec)),
                "code_size": each.spec.autoencoder.latent_dim,
            }
        )
    if options.json:
        print(json.dumps(rows))
        return
    print(f"{'preset':28}{'image set':16}{'parameters':>12}{'code size':>11}")
    for row in rows:
        print("{name:28}{image_set:16}{parameters:12,}{code_size:11,}".format(**row))


def _train(options: argparse.Namespace) -> None:
    spec = preset(options.preset).spec
    given = {"epochs": options.epochs, "seed": options.seed}
    spec = change(spec, **{name: value for name, value in given.items() if value is not None})
    record, _ = _run(spec, options.preset, options.out)
    if options.json:
        last = dict(record.history[-1]) if record.history else {}
        print(json.dumps({"status": record.status, "epochs": len(record.history)} | last))
    if record.status == "failed":
        raise ValueError(record.reason)


def _pretrain(options: argparse.Namespace) -> None:
    spec = pretrained.recipe(options.name)
    record, files = _run(spec, options.name, None)
    if not record.history:
        raise ValueError(record.reason)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{options.name}.npz").write_bytes(files["weights.npz"])
    if IMAGE_SETS[spec.image_set].embedded:  # the terms of other sets do not let us show them
        (options.out / f"{options.name}.png").write_bytes(files["preview.png"])
    pretrained.write_card(pretrained.card_for(options.name, dict(record.history[-1])), options.out)
    print(f"written to {options.out}")


def _run(
    spec: TrainingSpec, name: str, folder: Path | None
) -> tuple[store.RunRecord, dict[str, bytes]]:
    """Train in this process, printing a line an epoch; write a run folder if one is given."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ae_core import training

    images = load_images(spec.image_set, spec.image_size, spec.split)
    record = store.new_record(spec, name, "")
    if folder is not None:
        store.write_record(folder, record, {})
    last: list[training.Epoch] = []

    def show(epoch: training.Epoch) -> None:
        last[:] = [epoch]
        figures = "  ".join(f"{key} {value:.5g}" for key, value in epoch.metrics.items())
        print(f"epoch {epoch.number}/{spec.epochs}  {figures}", flush=True)

    outcome = training.fit(spec, images, on_epoch=show)
    clean, shown = training.probes(spec, images)
    rows = [clean, shown] if spec.corruption.active else [clean]
    files = {"weights.npz": weights.to_bytes(outcome.weights)}
    if last:
        sheet = pictures.sheet(pictures.to_bytes_range(np.stack([*rows, last[0].preview])))
        files["preview.png"] = pictures.to_png(sheet)
    record = store.ended(record, outcome.status, outcome.reason, outcome.history)
    if folder is not None:
        store.write_record(folder, record, files, ended=True)
    return record, files


if __name__ == "__main__":
    sys.exit(main())
