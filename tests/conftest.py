"""What all tests share: nothing is fetched or left behind, and a tiny FER2013 to run on."""

import atexit
import inspect
import os
import shutil
import signal
import tempfile
from collections import Counter

# The libraries read these when they are imported.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="fer-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["FER_DEVICE_PAGE"] = ""  # whether it is built or not; its own tests set it
os.environ["GRADIO_TEMP_DIR"] = os.path.join(os.environ["HF_HOME"], "gradio")
atexit.register(shutil.rmtree, os.environ["HF_HOME"], ignore_errors=True)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)

import datasets  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from fer.labels import EXPRESSIONS  # noqa: E402
from fer.threads import limit_threads  # noqa: E402
from tests.async_runner import run_async  # noqa: E402

torch.set_num_threads(1)
limit_threads(1)  # small networks only lose time on more


def pytest_collection_modifyitems(items):
    """Run the files with most slow tests first, so that several processes end at the same time."""
    marks = ("slow", "browser")
    slow = Counter(item.path for item in items if any(map(item.get_closest_marker, marks)))
    items.sort(key=lambda item: -slow[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    run_async(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session")
def tiny_fer2013(tmp_path_factory):
    """Write 48 noisy pictures for training and 21 for validation, as parquet files in a folder."""
    folder = tmp_path_factory.mktemp("fer2013")
    generator = np.random.default_rng(0)
    for split, count in (("train", 48), ("validation", 21)):
        labels = [index % 7 for index in range(count)]
        pixels = generator.integers(0, 256, (count, 48, 48), np.uint8)
        rows = {
            "image": [Image.fromarray(picture) for picture in pixels],
            "label": labels,
            "ferplus_votes": [[0] * label + [10] + [0] * (9 - label) for label in labels],
        }
        features = datasets.Features(
            image=datasets.Image(),
            label=datasets.ClassLabel(names=list(EXPRESSIONS)),
            ferplus_votes=datasets.List(datasets.Value("int64")),
        )
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(folder / f"{split}-00000-of-00001.parquet")
    return folder


@pytest.fixture(scope="session")
def playwright():
    """Playwright, which can be started once only; without it or Chromium the test is skipped."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright for Python is not installed"
    )
    from tests.e2e.browser import CHROMIUM

    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; Debian's package is called chromium")
    with api.sync_playwright() as opened:
        yield opened
