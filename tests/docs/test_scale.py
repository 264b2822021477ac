"""The figures of docs/batch.md."""

from docs import scale

PHOTO = {
    "per_second": 8.0,
    "computing_seconds_each": 0.101,
    "coordinator_seconds_each": 0.001,
    "cores_busy": 0.94,
    "growth_mb": 12.0,
    "worker_mb": 600.0,
    "bytes_read_each": 100_000.0,
    "bytes_written_each": 500.0,
}
LOOP = {"per_second": 5.0, "computing_seconds_each": 0.2, "cores_busy": 0.9, "growth_mb": None}
MEASURED = {
    "command": "python -m benchmarks.scale",
    "machine": {"cores": 2, "processor": "Any"},
    "photos": 1000,
    "video_seconds": 240.0,
    "rounds": 3,
    "runs": {
        "photos, loop, one thread": LOOP,
        "photos, loop": {**LOOP, "per_second": 6.4},
        "photos, local 2": PHOTO,
        "photos, ray 2": {**PHOTO, "per_second": 7.6},
        "video, local 2": {**PHOTO, "bytes_written_each": 10_000.0, "worker_mb": 700.0},
    },
    "stages": {
        "photos": {"decode": 0.009, "detect": 0.081},
        "video": {"decode": 0.36, "detect": 0.36},
    },
}


def test_the_section_is_arithmetic_with_what_was_measured():
    """Worked by hand: a million photos of 0.09 s are 25 hours of a core, and 3.125 of eight."""
    text = " ".join(scale.scale(MEASURED).split())
    for words in (
        "| photos, loop, one thread | 5.0 | 0.200 | 90% | - |",
        "| photos, local 2 | 8.0 | 0.101 | 94% | 12 MB |",
        "Two workers read - 1.60 times as many photos as the loop with one thread; - 1.25 times as "
        "many as the loop with its default threads",
        "Two of Ray's workers read 0.95 times as many as",
        "| decode | 9.0 ms (10%) | 2.5 h | 360.0 ms (50%) | 3,600 h |",
        "| all | 90.0 ms (100%) | 25.0 h | 720.0 ms (100%) | 7,200 h |",
        # 0.1 s of a worker for 0.001 s of the writer; 125 MB a second for 1 MB a second and worker
        "and next the one process that writes. The process that plans and writes keeps up with "
        "100 workers for photos and 100 for video; a network link of 1 Gbit/s brings files for 125 "
        "and 125.",
        "A worker takes 700 MB of memory. The tables of a million photos take 0.5 GB, those of "
        "10,000 hours of video 360 GB.",
        "a million photos take 3.1 hours of such a job (3 minutes with 64 shards in parallel) and "
        "cost 0.09 dollars; - 10,000 hours of video take 900.0 hours of such a job (14.1 hours "
        "with 64 shards in parallel) and cost 27.00 dollars;",
    ):
        assert words in text
