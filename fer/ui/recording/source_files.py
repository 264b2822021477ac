"""Files of recordings between their upload and their analysis."""

import os
import shutil
from pathlib import Path

from fer.i18n import gettext as _
from fer.i18n import mark as N_
from fer.video import VideoError

RECORDINGS_FULL = N_("There is no room for another recording just now; try again in a few minutes.")


def existing_file(recording: str) -> Path:
    """Return the path of an upload.

    Raises:
        VideoError: It has been deleted.
    """
    if not Path(recording).exists():
        raise VideoError(_("The recording is no longer here; upload it again."))
    return Path(recording)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file into a new folder, or copy it where the disk has no hard links.

    Raises:
        VideoError: The disk is full.
    """
    try:
        target.parent.mkdir(parents=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except OSError:
        shutil.rmtree(target.parent.parent, ignore_errors=True)
        raise VideoError(_(RECORDINGS_FULL)) from None
