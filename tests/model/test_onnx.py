"""The network as ONNX: the same in float32, nearly the same in int8, and never another's."""

import shutil

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from fer.labels import EXPRESSIONS
from fer.model.classifier import ExpressionClassifier
from fer.model.configuration_fer import FerConfig
from fer.model.heads import combine_logits
from fer.model.hub import FLOAT_ONNX, INT8_ONNX
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import OPSET, identity_of, output_names, write_onnx
from fer.model.onnx_network import OnnxNetwork, load_int8

HEADS = ("logits", "fer2013_logits", "ferplus_logits")


def build_model(**settings):
    """A network whose batch norms have seen pictures; its second block has a plain shortcut."""
    torch.manual_seed(0)
    config = FerConfig(
        hidden_sizes=(8, 16), depths=(2, 1), stem_size=4, id2label=dict(enumerate(EXPRESSIONS)),
        temperature=1.7, **settings,
    )  # fmt: skip
    model = FerForImageClassification(config)
    for norm in [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]:
        norm.momentum = None
        nn.init.normal_(norm.bias, std=0.3)
    for head in filter(None, (model.classifier, model.ferplus)):
        nn.init.normal_(head.weight, std=0.5)
    model.train()(draw_faces(32))
    return model.eval()


def draw_faces(count):
    return torch.randn(count, 1, 40, 40, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model():
    return build_model(
        ferplus_share=0.4,
        combined_temperature=0.8,
        prior_correction=0.6,
        fer2013_prior=[0.1, 0.05, 0.1, 0.3, 0.15, 0.1, 0.2],
        ferplus_prior=[0.3, 0.25, 0.15, 0.1, 0.1, 0.02, 0.05, 0.03],
    )


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    model.save_pretrained(folder)
    FerImageProcessor().save_pretrained(folder)
    write_onnx(model, folder, draw_faces(64).numpy())
    return folder


@torch.inference_mode()
@pytest.mark.parametrize("count", [1, 7])
def test_float32_is_equal_to_pytorch(model, folder, count):
    faces = draw_faces(count)
    expected, found = model(faces), OnnxNetwork(folder / FLOAT_ONNX)(faces.numpy())
    for head in HEADS:
        np.testing.assert_allclose(found[head], expected[head], rtol=0, atol=1e-4)
    assert expected.logits.std() > 0.3


@torch.inference_mode()
def test_int8_is_nearly_equal_for_each_face_alone_and_together(model, folder):
    faces, network = draw_faces(6), load_int8(folder, identity_of(model))
    expected, found = model(faces), network(faces.numpy())
    for head in HEADS:
        np.testing.assert_allclose(found[head], expected[head], rtol=0, atol=0.25)
    assert not np.array_equal(found["logits"], expected.logits)
    alone = np.concatenate([network(face[None].numpy())["logits"] for face in faces])
    np.testing.assert_allclose(alone, found["logits"], rtol=0, atol=1e-4)
    assert torch.equal(faces, draw_faces(6))


def test_int8_combines_the_heads_in_float32(model, folder):
    network = load_int8(folder, identity_of(model))
    found = network(3 * draw_faces(64).numpy())  # beyond the ranges that were measured
    expected = combine_logits(model.config.heads, found["fer2013_logits"], found["ferplus_logits"])
    np.testing.assert_allclose(found["logits"], expected, rtol=0, atol=1e-4)


def test_int8_holds_kernels_in_bytes_but_the_first_and_the_heads(folder):
    stored = onnx.load(folder / INT8_ONNX)
    assert stored.opset_import[0].version == OPSET
    convolutions = [node for node in stored.graph.node if node.op_type == "Conv"]
    quantized = ["DequantizeLinear" in name for node in convolutions for name in [node.input[1]]]
    assert quantized == [False] + [True] * (len(convolutions) - 1)
    heads = [node for node in stored.graph.node if node.op_type == "Gemm"]
    assert not any("Dequantize" in node.input[1] for node in heads)
    kernels = [entry for entry in stored.graph.initializer if len(entry.dims) == 4]
    assert [entry.data_type for entry in kernels].count(onnx.TensorProto.INT8) == len(quantized) - 1
    values = [onnx.numpy_helper.to_array(entry) for entry in kernels]
    limits = {abs(v.astype(int)).max() for v in values if v.dtype == np.int8}
    assert max(limits) <= 64  # 7 bits, which no CPU overflows


def test_the_same_faces_give_the_same_file(model, folder, tmp_path):
    write_onnx(model, tmp_path, draw_faces(64).numpy())
    for name in (FLOAT_ONNX, INT8_ONNX):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_network_without_a_second_head(tmp_path):
    model = build_model(num_ferplus_labels=0)
    assert output_names(model) == ["logits", "fer2013_logits"]
    write_onnx(model, tmp_path, draw_faces(8).numpy())
    found = load_int8(tmp_path, identity_of(model))(draw_faces(2).numpy())
    assert found.keys() == {"logits", "fer2013_logits"}


def test_without_faces_to_measure_there_is_no_int8_file(model, tmp_path):
    assert write_onnx(model, tmp_path) == [tmp_path / FLOAT_ONNX]
    assert load_int8(tmp_path, identity_of(model)) is None


def test_a_classifier_serves_in_int8_where_the_file_is(model, folder, tmp_path):
    crops = list(np.random.default_rng(0).integers(0, 256, (3, 60, 60, 3), np.uint8))
    int8, float32 = (ExpressionClassifier.load(folder, int8=wanted) for wanted in (True, False))
    assert (int8.precision, float32.precision) == ("int8", "float32")
    assert int8.fingerprint() == float32.fingerprint()
    np.testing.assert_allclose(int8.classify(crops), float32.classify(crops), atol=0.1)
    shutil.copytree(folder, tmp_path / "plain", ignore=shutil.ignore_patterns("onnx"))
    assert ExpressionClassifier.load(tmp_path / "plain").precision == "float32"


@pytest.mark.parametrize("change", ["weights", "calibration"])
def test_a_file_of_another_network_is_reported_and_not_used(change, model, folder, caplog):
    other = build_model()
    if change == "calibration":
        other.load_state_dict(model.state_dict())
    assert load_int8(folder, identity_of(other)) is None
    assert "is of other weights or another calibration" in caplog.text
    assert "computes in float32" in caplog.text


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_a_damaged_file_is_reported_and_not_used(damage, model, folder, tmp_path, caplog):
    content = (folder / INT8_ONNX).read_bytes()
    damaged = {"cut": content[: len(content) // 2], "empty": b"", "text": b"hello" * 99}[damage]
    (tmp_path / "onnx").mkdir()
    (tmp_path / INT8_ONNX).write_bytes(damaged)
    assert load_int8(tmp_path, identity_of(model)) is None
    assert caplog.text.count("can't be read by ONNX Runtime") == 1
