"""The pool of Ray's actors, with a stand-in for Ray: `test_ray.py` has the real one."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer.batch import batch_run, ray
from fer.batch.batch_run import BatchRun
from fer.batch.input_files import Shard, find_input_files
from fer.batch.ray import RayPool
from fer.batch.store import BatchStore
from fer.batch.task_runner import TaskRunner
from fer.batch.tasks import BatchSettings
from tests.batch.batches import run, tables
from tests.fakes import fake_pipeline, sure
from tests.sample_videos import make_film

SETTINGS = BatchSettings(segment_seconds=2)


class RayError(Exception):
    """What Ray raises where an actor has ended or failed."""


class FakeRay:
    """Does what an actor is asked for when it is waited for.

    Args:
        cores: Of the cluster; actors beyond wait for one.
        deaths: Numbers of the calls, of all actors together, over which one ends.
    """

    def __init__(self, cores=2, deaths=()):
        self.cores, self.deaths, self.calls = cores, set(deaths), 0
        self.actors, self.connected, self.options = [], False, None
        self.exceptions = SimpleNamespace(RayError=RayError)

    def is_initialized(self):
        return self.connected

    def init(self, **options):
        self.connected, self.options = True, options

    def shutdown(self):
        self.connected = False

    def cluster_resources(self):
        return {"CPU": float(self.cores)}

    def remote(self, num_cpus, max_restarts):
        assert (num_cpus, max_restarts) == (1, 0)
        return lambda kind: SimpleNamespace(remote=lambda *given: self._actor(kind(*given)))

    def _actor(self, worker):
        actor = SimpleNamespace(worker=worker, alive=True)
        for name in ("load", "run", "close"):
            call = partial(Call, actor, name)
            setattr(actor, name, SimpleNamespace(remote=call))
        self.actors.append(actor)
        return actor

    def _runs(self, actor):
        """Return whether there is a core for an actor."""
        return actor in [one for one in self.actors if one.alive][: self.cores]

    def wait(self, references, num_returns, timeout=None):
        if timeout is not None:
            return [self.get(reference) for reference in references], []
        ready = [reference for reference in references if self._runs(reference.actor)]
        assert ready, "nothing that is waited for can ever be done"
        return ready[:1], [one for one in references if one is not ready[0]]

    def get(self, reference):
        self.calls += 1
        if self.calls in self.deaths:
            reference.actor.alive = False
            raise RayError
        return getattr(reference.actor.worker, reference.name)(*reference.given)

    def kill(self, actor):
        actor.alive = False


class Call:
    """A call of an actor, which is done when its result is asked for."""

    def __init__(self, actor, name, *given):
        self.actor, self.name, self.given = actor, name, given


def load(settings):
    return TaskRunner(
        settings, fake_pipeline([(20.0, 30.0, 70.0, 90.0)], sure("happy"), sure("sad", 0.8))
    )


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_run, "MIN_PHOTOS", 1)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    folder = tmp_path / "inputs"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.full((120, 200, 3), 90, np.uint8)).save(folder / name)
    make_film(folder / "film.mp4", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], (200, 120))
    return folder


@pytest.mark.parametrize("cores", [1, 5])
@pytest.mark.parametrize("deaths", [(), (1, 7), (2, 5)])
def test_its_tables_are_those_of_other_workers(inputs, tmp_path, monkeypatch, cores, deaths):
    """Whatever actors end when, and where there are fewer cores than actors."""
    fake = FakeRay(cores, deaths)
    monkeypatch.setattr(ray, "import_ray", lambda: fake)
    run([inputs], tmp_path / "expected", load(SETTINGS).pipeline, SETTINGS)
    pool, store = RayPool(SETTINGS, 3, load), BatchStore(tmp_path / "out", Shard())
    assert pool.start().name == "fake <model>" and fake.options["num_cpus"] == 3
    assert fake.options["address"] == "local"  # whatever else runs here
    (tmp_path / "out").mkdir()
    with store.locked():
        BatchRun(find_input_files([str(inputs)], tmp_path).files, SETTINGS, store).run(pool)
    pool.close()
    assert not any(actor.alive for actor in fake.actors) and not fake.connected
    assert len(fake.actors) == 3 + len(fake.deaths)
    made, expected = tables(tmp_path / "out"), tables(tmp_path / "expected")
    assert made.keys() == expected.keys()
    for name in made:
        pd.testing.assert_frame_equal(made[name], expected[name])


def test_actors_remove_their_copies_at_the_end(monkeypatch):
    fake, closed = FakeRay(2), []
    monkeypatch.setattr(ray, "import_ray", lambda: fake)
    monkeypatch.setattr(TaskRunner, "close", lambda runner: closed.append(runner))
    pool = RayPool(SETTINGS, 1, load)
    pool.start()
    pool.close()
    assert len(closed) == 1 and not any(actor.alive for actor in fake.actors)


def refuse(settings):
    raise ValueError("There is no such network.")


@pytest.mark.parametrize(
    ("loader", "deaths", "sentence"),
    [
        (refuse, (), "There is no such network."),
        (load, range(1, 99), "Ray's actors end before they are ready; see"),
    ],
)
def test_actors_that_cannot_start_end_the_run(monkeypatch, loader, deaths, sentence):
    fake = FakeRay(2, deaths)
    monkeypatch.setattr(ray, "import_ray", lambda: fake)
    pool = RayPool(SETTINGS, None, loader)
    with pytest.raises(ValueError, match=sentence):
        pool.start()
    pool.close()
    assert not any(actor.alive for actor in fake.actors)


def test_an_unreachable_cluster_is_one_sentence(monkeypatch):
    def init(**options):
        raise ConnectionError("Could not\nreach it.")

    fake = FakeRay()
    fake.init = init
    monkeypatch.setattr(ray, "import_ray", lambda: fake)
    for address, who in ((None, "Ray here"), ("head:1", "The cluster at RAY_ADDRESS=head:1")):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("RAY_ADDRESS", raising=False)
            if address:
                patch.setenv("RAY_ADDRESS", address)
            with pytest.raises(ValueError, match=f"{who} can't be used: Could not reach it."):
                RayPool(SETTINGS, 1, load).start()
