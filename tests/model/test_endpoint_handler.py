"""The handler that travels with the weights, loaded and called as Inference Endpoints do."""

import base64
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fer.labels import EXPRESSIONS
from fer.model.classifier import EMBEDDED_WEIGHTS, ExpressionClassifier
from fer.model.endpoint_handler import decode
from fer.model.hub_folder import write_hub_folder
from fer.ui.photo.tab import EXAMPLES

ENDPOINT = """
import base64, importlib.util, io, json, sys
from PIL import Image
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location("handler", folder + "/handler.py")
sys.path.insert(0, folder)
sys.modules["handler"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
handler = module.EndpointHandler(folder)
content = open(sys.argv[2], "rb").read()
text = base64.b64encode(content).decode()
results = {
    "image": handler({"inputs": Image.open(io.BytesIO(content))}),
    "bytes": handler({"inputs": content, "parameters": {"top_k": 7}}),
}
two = [text, "data:image/png;base64," + text]
results["list"] = handler({"inputs": two, "parameters": {"top_k": 2}})
try:
    handler({"inputs": "http://127.0.0.1/face.jpg"})
except ValueError as error:
    results["refused"] = str(error)
assert not any(name == "fer" or name.startswith("fer.") for name in sys.modules)
print(json.dumps(results))
"""


@pytest.mark.slow
def test_an_endpoint_classifies_as_the_package_does(tmp_path):
    folder, face = tmp_path / "repository", tmp_path / "face.png"
    write_hub_folder(EMBEDDED_WEIGHTS, folder, "me/fer")
    assert (folder / "requirements.txt").read_text().startswith("transformers>=5")
    crop = np.asarray(Image.open(EXAMPLES[0]).convert("RGB"))[:200, :200]
    Image.fromarray(crop).save(face)
    environment = {**os.environ, "HF_MODULES_CACHE": str(tmp_path / "modules"), "PYTHONPATH": ""}
    command = [sys.executable, "-c", ENDPOINT, str(folder), str(face)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    scores = {row["label"]: row["score"] for row in found["image"]}
    (expected,) = ExpressionClassifier.load(int8=False).classify([crop])
    assert [scores[name] for name in EXPRESSIONS] == pytest.approx(expected, abs=1e-4)
    assert found["bytes"] == found["image"]
    assert found["list"] == [found["image"][:2]] * 2
    assert "send its file's bytes" in found["refused"]


@pytest.fixture
def content():
    buffer = io.BytesIO()
    Image.new("L", (4, 6), 90).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_comes_as_bytes_base64_or_pil(content):
    text = base64.b64encode(content).decode()
    broken_up = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    pictures = (content, text, broken_up, f"data:image/png;base64,{text}", Image.new("1", (4, 6)))
    assert {(decode(item).size, decode(item).mode) for item in pictures} == {((4, 6), "RGB")}


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_grey_picture_of_16_bits_keeps_its_contrast(bits):
    file = io.BytesIO()
    levels = np.linspace(0, 2**bits - 1, 64).round().astype(np.uint16).reshape(8, 8)
    Image.fromarray(levels).save(file, "PNG")
    found = np.asarray(decode(file.getvalue()))[:, :, 0]
    np.testing.assert_allclose(found, levels / levels.max() * 255, atol=1)
    found = np.asarray(decode(Image.fromarray(levels.astype(np.float32) * 3)))[:, :, 0]
    if bits > 8:
        np.testing.assert_allclose(found, levels / levels.max() * 255, atol=1)


@pytest.mark.parametrize(
    "item",
    [
        *(None, 3, {"path": "/etc/passwd"}, b"", "", "/etc/hostname", "https://example.org/a.jpg"),
        *("file:///etc/hostname", "data:image/png;base64,", b"no picture", "\N{SNOWMAN}", "AAAA"),
    ],
)
def test_what_is_no_picture_is_one_sentence_and_nothing_is_fetched(item):
    with pytest.raises(ValueError, match=r"^A picture can't be read; send its file's bytes, or"):
        decode(item)
