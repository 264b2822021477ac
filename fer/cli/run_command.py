"""`fer run`: many photos and videos in, tables out; resumable."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.batch.input_files import ANNOTATED
from fer.cli.shared_options import add_model, add_rate, check_shared
from fer.cli.study_options import add_span, span_of
from fer.output_files import output_folder
from fer.paths import whole_path
from fer.terminal import DefaultsHelpFormatter, share_progress
from fer.threads import number_of_cores

if TYPE_CHECKING:
    import pyarrow as pa

    from fer.batch.batch_run import BatchRun, TaskPool
    from fer.batch.input_files import InputFile, Shard
    from fer.batch.store import BatchStore
    from fer.batch.tasks import BatchSettings

EXAMPLES = """\
Examples:
  fer run photos lessons/*.mp4 --output results     photos and videos into tables
  fer run hf://datasets/you/faces --output results  from the Hub, or s3://, gs://, https://
  fer run list.txt --output results --shard 3/64    a 64th of it, for one job of a cluster
  fer collect results --csv                         the tables for a spreadsheet"""


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fer run`."""
    parser = commands.add_parser(
        "run",
        help="read any number of photos and videos into tables",
        description="Read photos and videos into tables of parquet: faces, files and timeline.\n"
        "Resumable: after any stop, run the same command again.",
        epilog=EXAMPLES,
        formatter_class=DefaultsHelpFormatter,
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="photos, videos, folders with those inside them, patterns such as 'photos/**/*.jpg', "
        "lists of these (.txt, a line each), or addresses that fsspec takes",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder for the tables; created if missing",
    )
    _add_analysis(parser)
    _add_engine(parser)
    add_model(parser)
    parser.set_defaults(run=run_batch)


def _add_analysis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--view",
        default="person",
        choices=("person", "class"),
        help="a row for each face (person), or aggregates of five faces or more only (class)",
    )
    add_rate(parser)
    add_span(parser)
    parser.add_argument(
        "--min-face",
        type=int,
        metavar="PIXELS",
        help="smallest face to look for, in pixels from forehead to chin; 20 in photos and 40 in "
        "videos if left out",
    )
    parser.add_argument(
        "--annotate",
        action="store_true",
        help=f"copies with boxes in FOLDER/{ANNOTATED}; a video is analysed in one piece then",
    )


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes, each with one thread; as many as there are cores if left out",
    )
    parser.add_argument(
        "--engine",
        default="local",
        choices=("local", "ray"),
        help="processes here, or Ray's, here or on the cluster of RAY_ADDRESS",
    )
    parser.add_argument(
        "--shard",
        type=_shard,
        metavar="K/N",
        help="read shard K of N, such as 3/64; all into the same FOLDER, or into one each",
    )


def run_batch(options: argparse.Namespace) -> str:
    """Read the files, and return in words what was read and what was left out.

    Raises:
        ValueError: An option won't do, nothing can be read, or nothing can be written.
        KeyboardInterrupt: After Ctrl-C, with what was kept.
    """
    settings, shard = settings_and_shard(options)
    from fer.batch.batch_run import BatchRun
    from fer.batch.collection import file_rows
    from fer.batch.input_files import find_input_files
    from fer.batch.manifest import require_same_options, write_manifest
    from fer.batch.store import BatchStore
    from fer.batch.transient_errors import UnreachableError

    require_same_options(options.output, settings, shard.count)
    found = find_input_files(options.sources, options.output)
    files = [file for file in found.files if file in shard]
    store = BatchStore(options.output, shard)
    with output_folder(options.output), store.locked():
        batch = BatchRun(files, settings, store)
        pool = make_pool(options, settings, batch.most_tasks)
        try:
            write_manifest(options.output, settings, shard.count, pool.start())
            with share_progress("Files") as show:
                batch.run(pool, show)
        except UnreachableError as error:
            raise ValueError(str(error)) from error
        except KeyboardInterrupt:
            raise KeyboardInterrupt(describe_kept(batch, options.output)) from None
        finally:
            pool.close()
    left_out = [f"{name} is left out. {why}" for name, why in found.unreadable.items()]
    notes = [*describe_damage(store), *left_out]
    rows = file_rows(options.output)
    if shard.count == 1:  # another shard may have files that can be read
        require_one_read(rows, files, options.output, notes)
    return "\n".join([*notes, *describe_batch(batch, rows, shard, options.output)])


def settings_and_shard(options: argparse.Namespace) -> "tuple[BatchSettings, Shard]":
    """Return the settings and the shard, before any network is loaded.

    Raises:
        ValueError: An option won't do.
    """
    from fer.batch.input_files import Shard
    from fer.batch.tasks import BatchSettings
    from fer.recording.frame_table import require_pyarrow

    require_pyarrow()
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers is 1 or more, not {options.workers}.")
    check_shared(options)
    span = span_of(options)
    settings = BatchSettings(
        view=options.view,
        rate=options.rate,
        start=span.start,
        end=span.end,
        min_face=options.min_face,
        annotated=options.output.absolute() / ANNOTATED if options.annotate else None,
        model=options.model,
        device=options.device,
    )
    if options.engine == "ray":
        from fer.batch.ray import import_ray

        import_ray()
    return settings, options.shard or Shard()


def make_pool(options: argparse.Namespace, settings: "BatchSettings", tasks: int) -> "TaskPool":
    """Return workers for a number of tasks at a time; one if only the network is checked."""
    if options.engine == "ray":
        from fer.batch.ray import RayPool

        return RayPool(settings, options.workers if tasks else 1)
    from fer.batch.local import LocalPool

    return LocalPool(settings, max(1, min(options.workers or number_of_cores(), tasks)))


def describe_kept(batch: "BatchRun", out: Path) -> str:
    """Return what there is after Ctrl-C."""
    done = f"{batch.done:,} of {batch.total:,} files are in {whole_path(out)}"
    return f"{done}; run the same command again to continue."


def describe_damage(store: "BatchStore") -> list[str]:
    """Return a line on the parts that were made again, if there were any."""
    if not store.damaged:
        return []
    count = len(store.damaged)
    parts = "1 part of the tables was" if count == 1 else f"{count:,} parts of the tables were"
    return [f"{parts} damaged ({store.damaged[0]}), and made again."]


def require_one_read(
    rows: "pa.Table", files: "Sequence[InputFile]", out: Path, notes: list[str]
) -> None:
    """Check that not every file of a command was refused.

    Args:
        rows: The table `files`.
        files: All files of the command; an earlier one may have put others into the tables.
        out: Folder of the results.
        notes: Lines for the end of the error.

    Raises:
        ValueError: Every file was.
    """
    from fer.batch.collection import summarise_batch

    tables = summarise_batch(rows, {file.source_id for file in files})
    if tables.photos + tables.videos or not tables.refused:
        return
    sentence = (
        f"No file can be read; the table `files` in {whole_path(out)} has the reason for each. "
        f"{tables.refused[0]}"
    )
    raise ValueError("\n".join([sentence, *notes]))


def describe_batch(batch: "BatchRun", rows: "pa.Table", shard: "Shard", out: Path) -> list[str]:
    """Return in lines what is in the tables, and where they are."""
    from fer.batch.collection import summarise_batch

    none = [] if batch.total else [f"None of the files belongs to shard {shard}."]
    return [*none, str(summarise_batch(rows)), f"Everything is in {whole_path(out)}."]


def _shard(text: str) -> "Shard":
    from fer.batch.input_files import Shard

    number, _, count = text.partition("/")
    try:
        return Shard(int(number), int(count))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no shard K/N such as 3/64, with K from 1 to N"
        ) from None
