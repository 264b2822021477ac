"""The Space: `python app.py` serves the page; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where.

FER_MODEL (a Hub id, with an optional @revision, or a folder) replaces the embedded network.

Nothing heavy is imported above: processes that decode visitors' files import this module, too.
"""

import os
import signal
from types import FrameType
from typing import TYPE_CHECKING

from fer.sandbox import end_workers, start_server

if TYPE_CHECKING:
    import gradio as gr


def build() -> "gr.Blocks":
    """Return the page."""
    import torch

    from fer.ui import build_demo, load_pipeline

    # Visitors share the cores; more threads for one of them would only get in the others' way.
    torch.set_num_threads(1)
    return build_demo(load_pipeline(os.environ.get("FER_MODEL")))


def end(number: int, frame: FrameType | None) -> None:
    """End the workers, and then this process as the signal does by itself."""
    end_workers()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def main() -> None:
    """Serve the page."""
    signal.signal(signal.SIGTERM, end)
    start_server("fer.recording.preloaded")  # its imports go on beside this process's own
    demo = build()
    from fer.ui import launch_settings

    demo.launch(**launch_settings())


if __name__ == "__main__":
    main()
