"""Train the expression network by a recipe: `python train.py --help` lists the options.

The published network:   python train.py
In two hours:            python train.py --config recipes/quick.yaml
A quick trial:           that with --max-train-samples 512 --epochs 1 --output runs/trial
Resuming after a stop:   the same command with --resume
Fine-tuning another:     python train.py --config recipes/fine_tune.yaml --base-model ID
Pushing to the Hub:      the same command with --push-to-hub --hub-model-id you/name
"""

import os
import sys

from fer.terminal import INTERRUPTED
from fer.training.options import parse_options

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
"""Keeps freed memory for the next step instead of returning it to the system, as glibc
does with blocks above a threshold; none reaches 4 GiB. An eighth faster on a CPU."""


def set_allocator() -> None:
    """Restart this process with the allocator's settings, which glibc reads at its start."""
    if sys.platform == "linux" and not ALLOCATOR.keys() & os.environ.keys():
        os.execve(sys.executable, sys.orig_argv, os.environ | ALLOCATOR)  # noqa: S606 - itself


def main() -> None:
    """Train by the command line; an error in the settings or the data is one sentence."""
    try:
        options = parse_options()
        set_allocator()
        from fer.training.train import is_first_process, train  # heavy, not needed for --help

        output = train(options)
        if is_first_process():
            print(f"The trained network is in {output}.")
    except (ValueError, OSError) as error:
        sys.exit(f"train.py: {error}")
    except KeyboardInterrupt:
        sys.stderr.write("\ntrain.py: Interrupted; --resume continues a training that has begun.\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
