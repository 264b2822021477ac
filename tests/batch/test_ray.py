"""Ray's actors do what local workers do, also when one is killed, and a whole node."""

import os

import numpy as np
import pandas as pd
import psutil
import pytest
from PIL import Image

from fer.batch.batch_run import BatchRun
from fer.batch.input_files import Shard, find_input_files
from fer.batch.ray import RayPool
from fer.batch.store import BatchStore
from fer.batch.tasks import BatchSettings
from tests.batch import fake_worker
from tests.batch.batches import run, tables
from tests.sample_videos import make_film

ray = pytest.importorskip("ray", reason="Ray is an extra: pip install -r requirements-ray.txt")

pytestmark = pytest.mark.slow

SETTINGS = BatchSettings(segment_seconds=6)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    for number in range(130):
        image = np.full((80, 160, 3), 20 + number, np.uint8)
        Image.fromarray(image).save(folder / f"{number}.bmp")
    (folder / "broken.jpg").write_text("I am no picture.")
    (folder / "broken.mp4").write_text("I am no film.")
    make_film(folder / "film.mp4", [index / 2 for index in range(120)], (160, 90))
    return folder


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of a core each, beside one that only leads; its address is in the environment."""
    from ray.cluster_utils import Cluster

    path = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)  # so that actors can import the tests
        cluster = Cluster(True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster, nodes
        cluster.shutdown()


def actors():
    """Return the actors' processes."""
    return [
        process for process in psutil.process_iter(["name", "cmdline"])
        if "ray::RayWorker" in " ".join(process.info["cmdline"] or [process.info["name"] or ""])
    ]  # fmt: skip


def work(inputs, out, pool, report=lambda share: None):
    store = BatchStore(out, Shard())
    ready = pool.start()
    assert pool.free + len(pool._loading) == 2 and not pool.busy  # a core each of the cluster
    with store.locked():
        BatchRun(find_input_files([str(inputs)], out).files, SETTINGS, store).run(pool, report)
    pool.close()
    return ready


def test_kills_cost_no_row_and_double_none(inputs, cluster, tmp_path):
    expected = tmp_path / "expected"
    run([inputs], expected, fake_worker.load(SETTINGS).pipeline, SETTINGS)
    kills = [lambda: actors()[0].kill(), lambda: cluster[0].remove_node(cluster[1][0], False)]

    def report(share):
        if kills and share > 0.2 * (3 - len(kills)):
            kills.pop(0)()

    pool = RayPool(SETTINGS, None, fake_worker.load)
    ready = work(inputs, tmp_path / "ray", pool, report)
    assert ready.fingerprint == "0123456789abcdef" * 4 and not kills
    assert not ray.is_initialized()
    made, wanted = tables(tmp_path / "ray"), tables(expected)
    assert made.keys() == wanted.keys()
    for name in made:
        pd.testing.assert_frame_equal(made[name], wanted[name])
    assert made["files"]["error"].notna().sum() == 2


def refuse(settings):
    raise ValueError("There is no such network.")


def test_a_network_that_cannot_be_loaded_ends_the_run(cluster):
    pool = RayPool(SETTINGS, 1, refuse)
    with pytest.raises(ValueError, match="There is no such network"):
        pool.start()
    pool.close()
