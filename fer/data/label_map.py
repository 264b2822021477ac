"""Labels of a data set by name: common spellings, and the names that `--map` translates."""

import shlex
from collections.abc import Iterable, Mapping

from fer.data.splits import DatasetError
from fer.labels import EXPRESSIONS, canonical_label

IGNORED = "-"
"""A label that is mapped to this name is left out."""


class LabelMap:
    """Class indices by the names of labels or folders.

    Args:
        names: Label -> expression, or `IGNORED`; the case of labels is ignored. Labels that are
            missing here must be expressions in a common spelling.

    Raises:
        DatasetError: A name is mapped to something that is no expression.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = {name.strip().casefold(): target for name, target in (names or {}).items()}
        self._unused = dict.fromkeys(names or ())
        for name, target in self._names.items():
            if target != IGNORED:
                _index(target, f"--map {name}={target}: ")

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "LabelMap":
        """Read entries of the command line, such as `["6=anger", "contempt=-"]`.

        Raises:
            DatasetError: One has no "=", or names no expression.
        """
        pairs = [entry.rpartition("=") for entry in entries]
        for name, _, target in pairs:
            if not (name.strip() and target.strip()):
                raise DatasetError(
                    f"--map takes NAME=EXPRESSION, or NAME=- to leave a label out, not "
                    f"{(name and name + '=') + target!r}."
                )
        return cls({name: target.strip() for name, _, target in pairs})

    def __contains__(self, name: str) -> bool:
        """Return whether a label is translated."""
        return name.strip().casefold() in self._names

    def index(self, name: str) -> int | None:
        """Return the index into `EXPRESSIONS` of a label; None where it is to be left out.

        Raises:
            DatasetError: The label is no expression.
        """
        key = name.strip().casefold()
        for entry in [entry for entry in self._unused if entry.strip().casefold() == key]:
            del self._unused[entry]
        target = self._names.get(key, name)
        return None if target == IGNORED else _index(target)

    def knows(self, name: str) -> bool:
        """Return whether a label is an expression or is translated."""
        try:
            canonical_label(name)
        except ValueError:
            return name in self
        return True

    def check_used(self, where: str, names: Iterable[str]) -> None:
        """Refuse entries that were never needed, which are misspelt.

        Args:
            where: The data set, for the message.
            names: The labels that it has.

        Raises:
            DatasetError: There are some.
        """
        if self._unused:
            raise DatasetError(
                f"--map names {', '.join(self._unused)}, but the labels in {where} are "
                f"{', '.join(names)}."
            )


def _index(name: str, where: str = "") -> int:
    try:
        return EXPRESSIONS.index(canonical_label(name))
    except ValueError as error:
        # Without the "=" a name such as -1 would be read as an option.
        entry = f"--map{'=' if name.startswith('-') else ' '}{shlex.quote(name)}"
        remedy = "" if where else f" Map it with {entry}=EXPRESSION, or {entry}=- to omit it."
        raise DatasetError(f"{where}{error}{remedy}") from None
