"""The figures of docs/speed.md, with made-up measurements."""

from docs.speed import settings, speed

CALM = {"mean_rate": 10.0, "least_rate": 10.0, "age_p99": 0.02}
FULL = {"mean_rate": 9.594, "least_rate": 9.5, "age_p99": 0.137}
MACHINE = {"cores": 2, "processor": "another CPU"}


def scene(rate, recall, **faster):
    agreement = {"recall": recall, "id_switches_per_face_minute": 0.25}
    ours = {"frames_per_second": rate}
    return {"ours": ours, "times_as_fast_as": faster, "agreement": agreement, "yardstick_ms": 18.4}


def test_each_figure_is_where_it_belongs():
    scenes = {"one face": scene(120.4, 1, naive=4.12, peer=9.46), "film": scene(30, 0.9, naive=3)}
    ratios = {"resnet18": 1.0, "one": 0.114, "many": 0.0251, "one, float32": 0.183, "rest": 0.067}
    network = {name: {"ratio": ratio} for name, ratio in ratios.items()}
    text = speed(
        {"command": "speed", "machine": {"processor": "a CPU"}, "times": network},
        {"command": "live", "machine": MACHINE, "threads": 1, "peer": "a rival", "scenes": scenes},
        {"command": "visitors", "machine": MACHINE, "visitors": {"4": CALM, "16": FULL}},
        {
            "command": "recording",
            "video": {"faces": 6.0, "height": 720},
            "memory_mb": {"peak": 999.6},
            "times_real_time": 2.82,
        },
    )
    flat = " ".join(text.split())
    assert "takes 11% of the time of a ResNet-18 (224 pixels" in flat
    assert "2.5% per crop in a batch of 32:" in flat
    assert "two threads of a CPU. In float32, by PyTorch, it is 18% and 6.7%." in flat
    assert "| one face | 120 | 4.1x | 9.5x | 1.000 | 0.2 |" in text
    assert "| film | 30 | 3.0x | - | 0.900 | 0.2 |" in text
    assert "took 18 ms" in flat
    assert "6 faces at 720p is analysed 2.8 times as fast as it plays, with at most 1000 MB" in flat
    assert "16 visitors who each send ten frames per second have 9.6 of them analysed" in flat
    assert "within 137 ms of their frame. Server and visitors shared 2 cores" in flat
    assert "and as a rival." in flat
    assert "```bash\nspeed\nlive\nvisitors\nrecording\n```" in text


def test_what_settings_cost_and_bring():
    rows = [
        {"motion": motion, "classified": classified, "accuracy": accuracy}
        for motion, classified, accuracy in (
            *(("still", 1.0, 0.7), ("still", 0.25, 0.699)),
            *(("moving", 1.0, 0.6), ("moving", 0.5, 0.601)),
        )
    ]
    shares = {"recall": 1.0, "same_expression": 0.9, "same_expression_unlevelled": 0.5}
    changes = ({"degrees": 45, "size": 1.0}, {"degrees": 0, "size": 0.94})
    turned = [{"degrees": 0, "faces": 9}, *({**change, **shares} for change in changes)]
    ways = [{"accuracy": right, "accuracy_as_they_are": right - 0.1} for right in (0.7, 0.65, 0.6)]
    fer2013 = dict(zip(("upright", "clockwise", "counter_clockwise"), ways, strict=True))
    roll = {"photos_of_one_face": turned, "faceless": {"times_as_long": 2.86}, "fer2013": fer2013}
    yaws = [{"yaw": yaw, "mean_error": yaw / 5, "bias": -yaw / 5} for yaw in (0, 35, 55)]
    scale = {"median": 1.1, "lower": 1.0, "upper": 1.25}
    text = settings(
        {"command": "cache", "rows": rows},
        {"command": "roll", "live": {"upright_ms": 4.4, "tilted_ms": 5.0}, **roll},
        {"command": "yaw", "heads": 3, "by_yaw": yaws},
        {"command": "framing", "size": "height", "scales": {"width": {}, "height": scale}},
    )
    for words in (
        "25% of still faces and 50% of moving ones are classified anew in each frame. The accuracy "
        "on still and moving faces is 0.699 and 0.601; with every face classified in every frame "
        "it is 0.700 and 0.600.",
        "5.0 ms instead of 4.4, a photo without faces 2.9 times as long as one upright search. 9 "
        "photos of one face were turned",
        "the accuracy is 70.0% upright, and 65.0% and 60.0% when they are turned by 30 degrees "
        "clockwise and counter-clockwise. With crops as if they were upright, the latter are 55.0% "
        "and 50.0%.",
        "| 45° | 100% | 90% | 50% | | 0°, 6% smaller | 100% | 90% | 50% |",
        "is 0 degrees at 0, 7 at 35 and 11 at 55. A yaw of 55 is estimated 11 degrees too small",
        "is 1.10 times the size of MTCNN's box (the square root of its area; quartiles 1.00 and "
        "1.25)",
        "```bash cache roll yaw framing ```",
    ):
        assert words in " ".join(text.split())
