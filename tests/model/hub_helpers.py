"""What tests tell the process of the Hub's clients to do, and what it must answer."""

from contextlib import contextmanager

import pytest

from tests.hub_client import ClientError
from tests.hub_server import TOKEN

NETWORK = """
import json, torch
from pathlib import Path
from fer.labels import EXPRESSIONS
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification

torch.manual_seed(seed)
names = dict(enumerate(EXPRESSIONS))
config = FerConfig(
    id2label=names, hidden_sizes=sizes, depths=[1] * len(sizes), ferplus_share=0.5,
    combined_temperature=0.5, prior_correction=0.5, fer2013_prior=[i / 28 for i in range(1, 8)],
    ferplus_prior=[1 / 8] * 8,
)
FerForImageClassification(config).save_pretrained(folder)
FerImageProcessor(framing={"scale": 1.2}).save_pretrained(folder)
Path(folder, "metrics.json").write_text(json.dumps(metrics))
Path(folder, "curves.png").write_bytes(b"a picture")
"""
FINGERPRINT = """
from fer.model.classifier import ExpressionClassifier
result = ExpressionClassifier.load(folder).fingerprint()
"""
PUSH = """
from fer.model.push import push
result = vars(push(folder, repo_id, **options))
"""
PULL = """
from fer.model.hub import pull
pulled = pull(source, **options)
result = [str(pulled.folder), pulled.revision]
"""
SERVE = """
import fer.model.classifier
from pathlib import Path
fer.model.classifier.EMBEDDED_WEIGHTS = Path(embedded)
classifier = fer.model.classifier.ExpressionClassifier.load_or_embedded(source)
result = [classifier.name, classifier.revision, classifier.notice]
"""
LOAD = """
from fer.model.classifier import ExpressionClassifier
ExpressionClassifier.load(source)
"""
TOKEN_IS = """
import os
os.environ.pop("HF_TOKEN", None)
if token:
    os.environ["HF_TOKEN"] = token
"""
WHOLE = {
    ".gitattributes", "README.md", "config.json", "model.safetensors", "preprocessor_config.json",
    "metrics.json", "curves.png", "configuration_fer.py", "modeling_fer.py",
    "image_processing_fer.py", "network_settings.py", "face_pixels.py", "onnx/model.onnx",
    "handler.py", "requirements.txt", "fer2013.ipynb",
}  # fmt: skip
VIT = """
from pathlib import Path
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor
config = ViTConfig(image_size=32, patch_size=16, hidden_size=8, num_hidden_layers=1,
    num_attention_heads=1, intermediate_size=8, id2label=dict(enumerate(labels)))
ViTForImageClassification(config).save_pretrained(folder)
ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
result = {path.name: path.read_bytes().hex() for path in Path(folder).iterdir()}
"""
EIGHT = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise")


@contextmanager
def refused(kind, *parts):
    """Expect an error of this kind, in one line, with these words."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.kind == kind, caught.value
    assert "\n" not in caught.value.message
    for part in parts:
        assert part in caught.value.message


@contextmanager
def token(client, value):
    client.run(TOKEN_IS, token=value)
    try:
        yield
    finally:
        client.run(TOKEN_IS, token=TOKEN)


def vit(client, folder, labels):
    """Return the files of a small network of transformers' own with these labels."""
    folder = folder / f"vit{len(labels)}"
    found = client.run(VIT, folder=folder, labels=labels)
    return {name: bytes.fromhex(data) for name, data in found.items()}
