"""Preloading in the fork server: the libraries and the network that its workers will use.

FER_PRELOADED_MODEL names the folder of the page's network; the embedded one is the default.
"""

import os
from contextlib import suppress
from pathlib import Path

import matplotlib.backends.backend_agg
import matplotlib.backends.backend_svg  # noqa: F401

import fer.sandbox.photos
import fer.timeline.plot
import fer.timeline.report  # noqa: F401
from fer.model.classifier import EMBEDDED_WEIGHTS, ModelError
from fer.recording.warm_up import use_one_thread, warm_up
from fer.recording.worker_tasks import load_pipeline

use_one_thread()
with suppress(ModelError):  # for photos no network is needed, and for a video the worker reports it
    warm_up(load_pipeline(Path(os.environ.get("FER_PRELOADED_MODEL") or EMBEDDED_WEIGHTS)))
