"""Train the expression network: `python train.py --help` lists the settings.

The embedded weights:   the commands in docs/experiments.md
A quick trial:          python train.py --max-train-samples 512 --epochs 1
Going on after a stop:  the same command with --resume
From another network:   python train.py --base-model runs/fer --output runs/second
Another kind:           python train.py --arch vit --output runs/vit
On to the Hub:          the same command with --push-to-hub --hub-model-id you/name
"""

import sys

from fer.training.arguments import parse_options


def main() -> None:
    """Train as the command line says; an error in the settings or the data is one sentence."""
    try:
        options = parse_options()
        from fer.training.recipe import train  # heavy, and not needed for --help

        print(f"The trained network is in {train(options)}.")
    except (ValueError, OSError) as error:
        sys.exit(f"train.py: {error}")


if __name__ == "__main__":
    main()
