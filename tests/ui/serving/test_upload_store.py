"""The upload store: access, quota and expiry."""

import os
from pathlib import Path

import pytest

from fer.temp_folder import TempFolder
from fer.ui.serving import upload_store
from fer.ui.serving.upload_limits import (
    LEASE,
    MAX_AGE,
    MAX_AGE_AFTER_LEAVING,
    MAX_LEASED,
    NoRoomError,
    Quota,
    removal_order,
)
from fer.ui.serving.upload_store import Claims, UploadStore


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def store(tmp_path):
    return UploadStore(TempFolder(tmp_path / "fer"), clock=Clock())


def add(store, size=10, sender="a", name="one.png"):
    upload = store.begin(name, sender)
    store.grow(upload, size)
    upload.path.write_bytes(b"x" * size)
    store.finish(upload)
    store.clock.now += 1
    return upload


def claim(store, used, session):
    """Use uploads in an accepted request."""
    paths = [str(upload.path) for upload in used]
    assert all(store.claim(path, session) for path in paths)
    store.lease(paths)


def test_an_upload_can_be_used_when_it_is_complete(store):
    upload = store.begin("one.png", "a")
    assert not store.claim(str(upload.path), "me") and not store.is_downloadable(str(upload.path))
    store.finish(upload)
    assert store.claim(str(upload.path), "me") and store.is_downloadable(str(upload.path))
    assert not store.claim(str(upload.path.parent / "two.png"), "me")


@pytest.mark.parametrize(
    ("first", "then", "allowed"),
    [("me", "me", True), ("me", "you", False), ("me", None, False), (None, "me", True)],
)
def test_it_belongs_to_the_first_session(store, first, then, allowed):
    path = str(add(store).path)
    assert store.claim(path, first)
    assert store.claim(path, then) is allowed


def test_who_has_the_most_makes_room(store):
    store.quota = Quota(bytes=1000, reserve=0)
    honest = add(store, 100, "honest")
    flood = [add(store, 100, "flood") for _ in range(30)]
    assert honest.path.exists()
    kept = [upload for upload in flood if upload.path.exists()]
    assert kept == flood[-len(kept) :] and len(kept) in (8, 9)


def test_what_was_just_used_makes_room_last(store):
    store.quota = Quota(bytes=1000, reserve=0)
    used, others = add(store, 300), [add(store, 300) for _ in range(2)]
    for upload, session in zip((used, *others), ("me", "you", "them"), strict=True):
        claim(store, [upload], session)
    store.clock.now += LEASE + 1
    claim(store, [used], "me")
    add(store, 600)
    assert used.path.exists() and not any(upload.path.exists() for upload in others)
    add(store, 900)
    assert not used.path.exists()


def test_of_what_is_in_use_no_more_goes_than_is_needed(store):
    store.quota = Quota(bytes=10_000, reserve=0)
    used = [add(store, 2500) for _ in range(4)]
    for number, upload in enumerate(used):
        claim(store, [upload], str(number))
    add(store, 2500)
    assert [upload.path.exists() for upload in used] == [False, True, True, True]


def test_what_is_being_received_makes_no_room(store):
    store.quota = Quota(bytes=1000, reserve=0)
    arriving = store.begin("one.png", "a")
    store.grow(arriving, 900)
    with pytest.raises(NoRoomError, match="no room for uploads just now"):
        add(store, 900)
    assert arriving.path.exists()


def test_thousands_of_tiny_uploads_in_use_end_no_others_uploads(store):
    """A form holds ten of them, and each request keeps 24 in use."""
    store.quota = Quota(files=200)
    honest = add(store, 100)
    claim(store, [honest], "honest")
    flood = [add(store, 1) for _ in range(199)]
    for number in range(0, 199, 20):
        claim(store, flood[number : number + 20], f"flood {number // 80}")
    more = [add(store, 1000) for _ in range(20)]
    claim(store, more[:1], "another")
    assert all(upload.path.exists() for upload in (honest, *more))


def test_a_session_keeps_few_in_use(store):
    store.quota = Quota(files=MAX_LEASED * 2)
    flood = [add(store, 1) for _ in range(MAX_LEASED * 2 - 1)]
    claim(store, flood, "flood")
    honest = [add(store, 1) for _ in range(3)]  # each not used yet while the next one comes
    assert all(upload.path.exists() for upload in honest)


def test_a_request_that_is_refused_keeps_nothing_in_use(store):
    upload = add(store)
    claims = Claims(store)
    assert claims.claim(str(upload.path), "me")
    assert upload.used_at == float("-inf")
    claims.lease()
    assert upload.used_at == store.clock.now


def test_room_is_made_for_many_at_a_time(store, monkeypatch):
    store.quota = Quota(files=1000)
    kept = [add(store, 0) for _ in range(1000)]
    ordered = []
    monkeypatch.setattr(
        upload_store, "removal_order", lambda *given: ordered.append(1) or removal_order(*given)
    )
    for _ in range(30):
        add(store, 0)
    assert len(ordered) <= 3 and kept[100].path.exists()


def test_what_can_never_fit_removes_nothing(store):
    store.quota = Quota(bytes=1000, reserve=0)
    kept = add(store, 500)
    with pytest.raises(NoRoomError):
        add(store, 2000)
    assert kept.path.exists()


@pytest.mark.parametrize(
    ("left", "seconds", "exists"),
    [
        (False, MAX_AGE - 1, True),
        (False, MAX_AGE + 1, False),
        (True, MAX_AGE_AFTER_LEAVING - 1, True),
        (True, MAX_AGE_AFTER_LEAVING + 1, False),
    ],
)
def test_uploads_go_in_time_with_their_folder(store, left, seconds, exists):
    upload = add(store)
    store.claim(str(upload.path), "me")
    if left:
        store.release("me")
    store.clock.now += seconds
    store.delete_expired()
    assert upload.path.exists() is upload.path.parent.exists() is exists


def test_who_comes_back_keeps_their_files(store):
    upload = add(store)
    store.claim(str(upload.path), "me")
    store.release("me")
    store.release(None)
    store.clock.now += MAX_AGE_AFTER_LEAVING - 1
    claim(store, [upload], "me")
    store.clock.now += MAX_AGE_AFTER_LEAVING - 1
    store.delete_expired()
    assert upload.path.exists()


def test_a_sweep_removes_whatever_it_finds(store):
    """Gradio's own caches, files that nobody registered and empty folders."""
    known = add(store)
    store.clock.now += MAX_AGE - 100
    cached = store.folder.path / "0123abcd" / "image.webp"
    made, working = store.recordings / "made" / "video.mp4", store.recordings / "now" / "video.mp4"
    lost = store.uploads / "token" / "part"
    for path in (cached, made, working, lost):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    (store.folder.path / "empty").mkdir()
    (store.folder.path / "link").symlink_to("/etc")
    busy = {working.parent}
    store.register_busy_folders(lambda: busy)
    store.delete_expired()
    assert all(path.exists() for path in (known.path, cached, made, working, lost))
    store.clock.now += MAX_AGE + 1
    store.delete_expired()
    assert set(store.folder.path.rglob("*")) == {
        *(store.folder.path / ".lock", store.uploads, store.recordings),
        *(working.parent, working),
    }
    busy.clear()
    store.clock.now += MAX_AGE - 1
    store.delete_expired()
    assert working.exists()  # its time began with the end of the work
    store.clock.now += 2
    store.delete_expired()
    assert list(store.recordings.iterdir()) == []


def test_results_count_and_the_oldest_go_when_they_are_too_many(store):
    store.quota = Quota(bytes=1000, reserve=0)
    made = [store.recordings / name / "video.mp4" for name in ("first", "second", "third")]
    store.folder.prepare()
    for path in made:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 200)
        store.delete_expired()
        store.clock.now += 60
    assert [path.exists() for path in made] == [False, True, True]
    with pytest.raises(NoRoomError):
        add(store, 700)
    assert add(store, 500).path.exists()


def test_what_is_worked_on_does_not_go_and_takes_no_room_from_results_or_uploads(store):
    store.quota = Quota(bytes=1000, reserve=0)
    working, made = (store.recordings / name / "video.mp4" for name in ("now", "made"))
    for path, size in ((working, 2000), (made, 300)):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * size)
    store.register_busy_folders(lambda: {working.parent})
    store.delete_expired()
    assert working.exists() and made.exists()
    assert add(store, 500).path.exists()
    with pytest.raises(NoRoomError):
        add(store, 501)


def test_what_waits_in_a_queue_does_not_age_but_makes_room(store):
    store.quota = Quota(bytes=1000, reserve=0)
    waiting, other = add(store, 300), add(store, 10)
    made = store.recordings / "made" / "video.mp4"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"x" * 100)
    queue = {waiting.path.parent, made.parent}
    store.register_kept_folders(lambda: queue)
    for _ in range(2):
        store.clock.now += MAX_AGE + 1
        store.delete_expired()
        assert waiting.path.exists() and made.exists() and not other.path.exists()
    add(store, 700)
    assert not waiting.path.exists()
    made.write_bytes(b"x" * 600)
    store.delete_expired()
    assert not made.exists()


def test_a_jump_of_the_computers_clock_deletes_nothing(store, monkeypatch):
    upload = add(store)
    (store.recordings / "made").mkdir(parents=True)
    monkeypatch.setattr("time.time", lambda: 4e9)
    store.delete_expired()
    assert upload.path.exists() and (store.recordings / "made").exists()


def test_a_folder_that_goes_while_it_is_measured_ends_no_sweep(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "kept.txt").write_bytes(b"12345")
    scandir = os.scandir

    def removing(folder):
        if Path(folder).name == "b":
            raise FileNotFoundError(folder)
        return scandir(folder)

    monkeypatch.setattr("os.scandir", removing)
    assert upload_store._size(tmp_path / "a") == 5
