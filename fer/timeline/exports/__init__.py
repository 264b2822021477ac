"""Export of intervals to the formats of other programs, one module each."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from fer.output_files import write_file
from fer.timeline.annotation_tiers import IntervalTable
from fer.timeline.exports.bids import to_events, to_sidecar
from fer.timeline.exports.boris import to_boris
from fer.timeline.exports.elan import to_elan
from fer.timeline.exports.textgrid import to_textgrid
from fer.timeline.exports.vtt import to_vtt

FORMATS: Mapping[str, Mapping[str, Callable[[IntervalTable], str]]] = {
    "elan": {".eaf": to_elan},
    "textgrid": {".TextGrid": to_textgrid},
    "boris": {"_boris.csv": to_boris},
    "bids": {"_events.tsv": to_events, "_events.json": to_sidecar},
    "vtt": {".vtt": to_vtt},
}
"""For each format the end of each file's name and the function that makes its text."""


def export_texts(table: IntervalTable, stem: str, formats: Iterable[str]) -> dict[str, str]:
    """Return the files of some of `FORMATS`: their text by name, which begins with `stem`."""
    files = [pair for name in formats for pair in FORMATS[name].items()]
    return {f"{stem}{suffix}": make(table) for suffix, make in files}


def write_exports(
    table: IntervalTable, folder: Path, stem: str, formats: Iterable[str]
) -> list[Path]:
    """Write `export_texts` into a folder and return the paths."""
    paths = []
    for name, text in export_texts(table, stem, formats).items():
        paths.append(folder / name)
        write_file(paths[-1], text)
    return paths
