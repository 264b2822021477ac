"""The Space: `python app.py` serves the page, at GRADIO_SERVER_NAME and GRADIO_SERVER_PORT.

FER_MODEL (a Hub id, with an optional @revision, or a folder) replaces the embedded network;
visitors can compare it with FER_SECOND_MODEL on a photo of theirs.

Heavy imports are inside functions: the processes that decode visitors' files import this module.
"""

import gc
import os
import sys
from typing import TYPE_CHECKING

from fer.temp_folder import claim_folder, claim_socket_folder, remove_on_termination

if TYPE_CHECKING:
    import gradio as gr


NO_SANDBOX = (
    "The app runs on Linux and macOS only: it decodes its visitors' files in forked processes. On "
    "Windows, start it in WSL (wsl --install), and open its page in any browser."
)


def build() -> "gr.Blocks":
    """Return the page."""
    from fer.threads import limit_threads
    from fer.ui import build_demo, load_pipeline

    # Visitors share the cores; more threads for one of them would only slow the others down.
    limit_threads(1)
    pipeline = load_pipeline(os.environ.get("FER_MODEL"))
    return build_demo(pipeline, os.environ.get("FER_SECOND_MODEL"))


def main() -> None:
    """Serve the page."""
    if sys.platform == "win32":
        sys.exit(NO_SANDBOX)
    from fer.sandbox import end_workers, start_fork_server

    claim_folder()  # Gradio reads its path on import
    claim_socket_folder()
    remove_on_termination(end_workers)
    if not os.environ.get("FER_MODEL"):  # where it is set, the network is pulled first
        # Its imports and its warm-up run in parallel with this process's own.
        start_fork_server("fer.recording.worker_preload")
    demo = build()
    # What is there now stays. To search all of it for garbage would stop the page for a third of a
    # second and so happen rarely, while tens of thousands of visitors' objects pile up.
    gc.collect()
    gc.freeze()
    from fer.ui import launch_settings

    demo.launch(**launch_settings())


if __name__ == "__main__":
    main()
