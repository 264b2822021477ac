"""`fer push`: a trained folder goes to the Hugging Face Hub."""

import argparse


def add_push(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer push`."""
    parser = commands.add_parser(
        "push",
        help="put a trained folder on the Hugging Face Hub",
        description="Put a trained folder on the Hugging Face Hub, with its card and code.",
        epilog="It needs a token that may write: `hf auth login`, or HF_TOKEN.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="what train.py has written")
    parser.add_argument("repo_id", metavar="ID", help="you/name; created if need be")
    parser.add_argument("--private", action="store_true", help="only you may see a new repo")
    parser.add_argument("--tag", metavar="NAME", help="name of the release, such as v1.0")
    parser.add_argument(
        "--evaluation",
        action="append",
        default=[],
        metavar="FOLDER",
        help="what fer evaluate FOLDER --dataset ... has written, for the card; may be repeated",
    )
    parser.set_defaults(run=run_push)


def run_push(options: argparse.Namespace) -> str:
    """Push, and return in words how to use the network on the Hub.

    Raises:
        ValueError: The folder or the Hub won't do.
    """
    from fer.model.push import push  # heavy, and not needed for --help

    pushed = push(
        options.folder,
        options.repo_id,
        private=options.private,
        tag=options.tag,
        evaluations=options.evaluation,
    )
    return f"{pushed.repo_id} is on the Hub; FER_MODEL={pushed.source} names exactly these weights."
