"""The model card says what metrics.json says, and nothing more."""

import re

import numpy as np
import pytest
import torch
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt
from PIL import Image

from fer.labels import EXPRESSIONS, FER2013_DATASET_ID
from fer.model.card import model_card
from fer.model.card_tables import recipe_table
from fer.model.configuration_fer import FerConfig
from fer.model.image_processing_fer import FerImageProcessor
from fer.model.model_metrics import ModelMetrics
from fer.model.modeling_fer import FerForImageClassification
from fer.model.onnx_export import write_onnx

FER2013 = "FER2013's own labels, all pictures of the split"
FERPLUS_LABELS = "FER+ majority of eight, without pictures voted not a face"


def card_of(metrics, repo_id, plots=()):
    return model_card(ModelMetrics.from_json(metrics)[0], repo_id, plots)


@pytest.fixture
def card(metrics):
    return card_of(metrics, "me/tiny", ["curves.png"])


def rendered(card):
    """Return the card's body as HTML, as a Markdown reader makes it."""
    return MarkdownIt("commonmark").enable("table").render(card.text)


def cells(html):
    """Return every table row as the list of its cells' text."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.S)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]


def section(card, heading):
    """Return what stands under a heading."""
    return re.split(rf"^#+ {heading}$", card.text, flags=re.M)[1].split("\n#")[0]


def test_metadata_is_what_the_hub_reads(card):
    data = ModelCard(card.content).data.to_dict()  # as the Hub would parse it
    assert data["library_name"] == "transformers"
    assert data["pipeline_tag"] == "image-classification"
    assert data["license"] == "mit"
    assert data["datasets"] == [FER2013_DATASET_ID]


def test_model_index_names_both_label_sets_and_their_filters(card):
    (model,) = yaml.safe_load(card.content.split("---")[1])["model-index"]
    assert model["name"] == "tiny"
    found = {
        (result["dataset"]["name"], result["dataset"]["split"], metric["name"]): metric["value"]
        for result in model["results"]
        for metric in result["metrics"]
    }
    assert found == {
        (f"FER2013: {FER2013}", "validation", "Accuracy"): 0.6789,
        (f"FER2013: {FER2013}", "validation", "Macro F1"): 0.6543,
        (f"FER2013: {FERPLUS_LABELS}", "validation", "Accuracy"): 0.8123,
    }


def test_tables_render_with_every_figure(card):
    rows = cells(rendered(card))
    assert ["validation", FER2013, "3,589", "67.9%", "65.4%"] in rows
    assert ["validation", FERPLUS_LABELS, "not recorded", "81.2%", "not measured"] in rows
    for index, name in enumerate(EXPRESSIONS):
        assert [name, "50.0%", f"{25 + index}.0%", "33.3%", "10"] in rows
        confused = [str(index * 10 + column) for column in range(7)]
        assert [f"<strong>{name}</strong>", *confused] in rows
    assert ["Time, of the last stage if there were several", "1.8 hours"] in rows
    assert ["Machine", "cpu, x86_64, 2 threads"] in rows
    assert ["temperature", "1.37"] in rows
    assert ["<code>batch_size</code>", "128"] in rows


def test_time_and_epochs_are_those_of_all_stages(metrics):
    stage = {"parameters": 8, "accuracy": 0.6, "ferplus_accuracy": None, "seed": 0}
    stage |= {"hours": 0.75, "device": "cpu"}
    stages = [stage | {"name": "teachers/1", "epochs": 24}, stage | {"name": "student/1"}]
    metrics["training"]["stages"] = [stages[0], stages[1] | {"epochs": 120}]
    rows = cells(rendered(card_of(metrics, "me/tiny")))
    assert ["Time of all 2 stages", "1.8 hours"] in rows
    assert ["Epochs", "teachers/1 24, student/1 120"] in rows


def test_nothing_is_left_unfilled(card):
    assert "$" not in card.text
    assert "None" not in card.text
    assert '<img src="curves.png" alt="curves" />' in rendered(card)


def test_a_second_head_that_learned_nothing_is_not_in_the_card(metrics, card):
    assert "a second head for FER+'s" in card.text
    metrics["validation"] |= {"ferplus_accuracy": None}
    without = card_of(metrics, "me/tiny")
    assert "second head" not in without.text
    assert "`ferplus_logits` mean nothing" in without.text
    assert {"ferplus"} == {*card.data.tags} - {*without.data.tags}


def test_command_and_places_not_to_use_it(card):
    assert "python train.py --dataset data/fer2013 --epochs 2" in section(card, "How to reproduce")
    banned = section(card, "Where not to use it")
    for word in ("Article 5\\(1\\)\\(f\\)", "workplaces", "education", "2 February 2025"):
        assert re.search(word, banned), word
    assert "arxiv.org/abs/1307.0414" in section(card, "Citation")


def test_without_a_command_the_card_has_what_is_known(metrics):
    del metrics["command"]
    assert "```shell\n# its command is not recorded" in card_of(metrics, "me/tiny").text
    card = card_of(metrics | {"made_by": "an earlier version"}, "me/tiny")
    assert "```shell\n# an earlier version\n" in card.text


@pytest.mark.parametrize("topic", ["Calibration", "Robustness"])
def test_what_was_not_measured_is_stated(metrics, topic):
    metrics.pop(topic.lower(), None)
    text = section(card_of(metrics, "me/tiny"), topic)
    assert text.strip() == "Not measured for these weights."


def test_robustness_is_shown_where_it_was_measured(metrics):
    metrics["robustness"] = [
        {"split": "test", "corruption": "blur", "severity": "2 px", "accuracy": 0.5}
    ]
    rows = cells(rendered(card_of(metrics, "me/tiny")))
    assert ["corruption", "severity", "accuracy, test split"] in rows
    assert ["blur", "2 px", "50.0%"] in rows


def test_a_test_split_is_shown_beside_validation(metrics):
    metrics["test"] = {
        "label_set": "own labels",
        "pictures": 3589,
        "accuracy": 0.7,
        "macro_f1": 0.69,
        "calibration_error": 0.021,
        "ferplus": {"label_set": "majority", "pictures": 3500, "accuracy": 0.8},
        "without_duplicates": {"pictures": 3400, "accuracy": 0.66, "macro_f1": 0.64},
        "views": "ten",
        "precision": "int8",
    }
    rows = cells(rendered(card_of(metrics, "me/tiny")))
    ten = ", ten views a picture, in int8"
    filtered = f"own labels, without duplicates of training pictures{ten}"
    assert ["test", f"own labels{ten}", "3,589", "70.0%", "69.0%"] in rows
    assert ["test", filtered, "3,400", "66.0%", "64.0%"] in rows
    assert ["test", f"majority{ten}", "3,500", "80.0%", "not measured"] in rows
    assert ["calibration error, test split", "0.021"] in rows


def test_the_combined_output_has_its_own_rows(metrics):
    agreement = {"label_set": "majority", "pictures": 3500, "accuracy": 0.8}
    combined = {
        "ferplus_share": 0.5,
        "accuracy": 0.66,
        "macro_f1": 0.6,
        "ferplus_agreement": agreement,
    }
    metrics["validation"]["combined"] = combined
    rows = cells(rendered(card_of(metrics, "me/tiny")))
    own = f"{metrics['validation']['label_set']}, both heads combined"
    assert ["validation", own, "3,589", "66.0%", "60.0%"] in rows
    assert ["validation", "majority, both heads combined", "3,500", "80.0%", "not measured"] in rows


def test_a_network_of_other_pictures_claims_nothing_about_fer2013(metrics):
    metrics["training"]["dataset"] = "me/rafdb"
    metrics["validation"] |= {"official": False, "label_set": "labels of me/rafdb"}
    card = card_of(metrics, "me/tiny")
    assert "model-index" not in card.content and card.data.datasets is None
    assert "fer2013" not in card.data.tags
    assert "trained from scratch on `me/rafdb`" in card.text
    assert ["validation", "labels of me/rafdb", "3,589", "67.9%", "65.4%"] in cells(rendered(card))
    assert "FER2013 (Goodfellow" not in card.text and "bibtex" not in card.text
    # It may be an edition of FER2013 of which a tenth of train was held out.
    assert "those of `me/rafdb`, whose validation split isn't FER2013's own" in card.text


def test_a_network_that_was_fine_tuned_is_not_from_scratch(metrics):
    base = {"name": "me/base", "revision": "0123456"}
    card = card_of(metrics | {"base_model": base}, "a/b")
    assert "It was fine-tuned from `me/base` on FER2013" in card.text
    assert card.data.base_model == "me/base"
    folder = card_of(metrics | {"base_model": {"name": "runs/fer", "revision": None}}, "a/b")
    assert "fine-tuned from `runs/fer`" in folder.text and folder.data.base_model is None
    assert "from scratch" in card_of(metrics | {"base_model": None}, "a/b").text


def test_its_code_for_onnx_runtime_gives_the_network_s_own_logits(card, tmp_path, monkeypatch):
    config = FerConfig(image_size=36, hidden_sizes=[8, 8, 8], depths=[1, 1, 1])
    model = FerForImageClassification(config).train(False)
    processor = FerImageProcessor(crop_size=36)
    write_onnx(model, tmp_path)
    processor.save_pretrained(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "face.jpg", "PNG")
    monkeypatch.chdir(tmp_path)
    (code,) = (one for one in re.findall(r"```python\n(.*?)```", card.text, re.S) if "onnx" in one)
    names = {}
    exec(code, names)
    with torch.no_grad():
        expected = model(processor(images=[pixels])["pixel_values"]).logits
    np.testing.assert_allclose(names["logits"], expected, rtol=1e-3, atol=1e-5)


def test_a_card_without_metrics_claims_none():
    card = card_of({}, "me/tiny")
    assert "model-index" not in card.content
    assert "Time and machine of the training were not recorded." in card.text
    assert not re.search(r"\d+(\.\d+)?%", card.text)


def test_a_bar_in_a_name_does_not_break_the_table(metrics):
    metrics["validation"]["label_set"] = "own | all"
    assert ["validation", "own | all", "3,589", "67.9%", "65.4%"] in cells(
        rendered(card_of(metrics, "me/tiny"))
    )


def test_the_first_plot_is_the_thumbnail(metrics):
    thumbnail = card_of(metrics, "me/tiny", ["confusion.png", "curves.png"]).data.thumbnail
    assert thumbnail == "https://huggingface.co/me/tiny/resolve/main/confusion.png"


def test_lists_and_tables_in_the_recipe_are_written_out():
    teachers = [{"widths": [8, 16], "seed": 1}, {"arch": "vit"}]
    table = recipe_table({"depths": [1, 3, 2], "teachers": teachers, "soup": {"seeds": [1, 2]}})
    assert "| `depths` | 1, 3, 2 |" in table
    assert "| `teachers` | widths 8, 16, seed 1; arch vit |" in table
    assert "| `soup` | seeds 1, 2 |" in table
