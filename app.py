"""The Space: `python app.py` serves the page; GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where.

FER_MODEL (a Hub id, with an optional @revision, or a folder) replaces the embedded network.
"""

import os

import torch

from fer.temp_folder import claim_folder, remove_on_termination

claim_folder()  # Gradio looks for it when it is imported

from fer.ui import build_demo, launch_settings, load_pipeline  # noqa: E402

# Visitors share the cores; more threads for one of them would only get in the others' way.
torch.set_num_threads(1)

demo = build_demo(load_pipeline(os.environ.get("FER_MODEL")))

if __name__ == "__main__":
    remove_on_termination()
    demo.launch(**launch_settings())
