"""The figures of the page on the on-device page, with made-up measurements."""

from docs.web import web


def scene(results, pictures, milliseconds, processor, requests=0):
    return {
        "results_per_second": results,
        "pictures_per_second": pictures,
        "milliseconds": milliseconds,
        "processor_milliseconds": processor,
        "requests": requests,
        "browser": "156.0",
    }


def report(**scenes):
    return {
        "command": "python -m benchmarks.web",
        "machine": {"processor": "a CPU", "cores": 2, "load": 0.26},
        "camera": {"width": 640, "height": 480, "rate": 30.0},
        "scenes": scenes,
        "first_load_mb": {"total": 7.9, "runtime": 3.7, "networks": 4.0, "page": 0.2},
    }


def test_each_figure_is_where_it_belongs():
    text = web(
        report(
            **{"one face": scene(29.6, 30.0, 14.4, 12.4), "six faces": scene(9.1, 29.8, 99.7, 91.2)}
        )
    )
    assert "| one face | 30 | 14 ms | 12 ms | 30 |" in text
    assert "| six faces | 9 | 100 ms | 91 ms | 30 |" in text
    assert "Chromium 156.0 on 2 cores of a CPU (load\n0.3 at the start)" in text
    assert "loads 7.9 MB, compressed: 3.7 of ONNX Runtime,\n4.0 of networks and 0.2" in text
    assert "no requests went out" in text


def test_a_request_is_not_hidden():
    assert "1 request went out" in web(report(one=scene(1, 1, 1, 1, requests=1)))
