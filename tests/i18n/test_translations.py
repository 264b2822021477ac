"""Every text of the package has a translation that fits it."""

import json
import re

import pytest

from docs.translations import (
    MODULE,
    all_texts,
    in_module,
    in_page,
    in_template,
    missing,
    module_text,
    scripts,
)
from fer.i18n import FOLDER, LANGUAGES, SOURCE
from fer.ui import build_demo
from fer.ui.localization import visible_texts
from tests.fakes import fake_pipeline

TRANSLATIONS = sorted(LANGUAGES.keys() - {SOURCE})

UPDATE = "run: python -m docs.translations; then fill in what it names"


@pytest.fixture(scope="module")
def texts():
    return all_texts(visible_texts(build_demo(fake_pipeline(), "another network")))


def read(language):
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def forms(found):
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_text_is_translated(language, texts):
    catalogue = read(language)
    assert missing(catalogue) == [], UPDATE
    assert sorted(texts.keys() - catalogue.keys()) == [], UPDATE
    assert sorted(catalogue.keys() - texts.keys()) == [], UPDATE
    plural = {text for text, found in catalogue.items() if isinstance(found, list)}
    assert plural == {text for text, has_plural in texts.items() if has_plural}


def test_the_translations_of_modules_are_current():
    assert MODULE.read_text(encoding="utf-8") == module_text(), "run: python -m docs.translations"


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_has_the_placeholders_and_the_html_of_its_text(language):
    for text, found in read(language).items():
        for form in forms(found):
            for part in (r"%\(\w+\)[sr]", r"%%", r"</?\w+[^>]*>", r"&\w+;"):
                assert sorted(re.findall(part, form)) == sorted(re.findall(part, text)), form
            assert not re.search(r"%(?!%|\(\w+\)[sr])", form.replace("%%", "")) or "%" in text
            assert form == form.strip() or text != text.strip()


@pytest.mark.parametrize(("language", "masculine"), [("es", "girado"), ("hi", "घूमा हुआ")])
def test_a_photo_that_is_turned_and_a_video_are_of_different_genders(language, masculine):
    catalogue = read(language)
    turned = [text for text in catalogue if text.startswith("The %(what)s looks turned")]
    assert len(turned) == 3 and not [text for text in turned if masculine in catalogue[text]]


def test_no_script_has_a_sentence_that_is_not_translated():
    """What is logged is for developers, and keys of objects, such as Gradio's names, are for us."""
    found = []
    for path in scripts():
        source = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(encoding="utf-8"), flags=re.M)
        source = re.sub(r"console\.\w+\(.*", "", source)
        source = re.sub(r'(?<![\w.])(N_|_n|_)\("[^"]*"(, "[^"]*")?', "", source)
        literals = re.findall(r'"([^"\n]*)"(?!:)|`([^`\n]*)`', source)
        plain = (re.sub(r"\$\{[^}]*\}", "", one or other) for one, other in literals)
        found += [f"{path.name}: {text}" for text in plain if re.search(r"[A-Z][a-z]+ [a-z]", text)]
    assert found == []


def test_texts_are_found_in_modules_and_templates():
    assert in_module('x = _("a " "b", n=1), N_("c"), ngettext("d", "e", 2), f("g"), _(name)') == {
        "a b": False,
        "c": False,
        "d": True,
    }
    with pytest.raises(ValueError, match="by name"):
        in_module('_(f"{number} faces")')
    template = '{{ _("a") }}{{ _("b %(c)s", c=d) }}{% trans %}e\n f{% endtrans %}'
    assert in_page('<body><p title="t t">a <b>b</b></p><script>c</script></body>') == {
        "t t",
        "a",
        "b",
    }
    assert in_template(template) == {"a": False, "b %(c)s": False, "e f": False}
