"""Which language a text is in, and what becomes of its values."""

import pytest

from fer import i18n
from fer.i18n import (
    current_language,
    gettext,
    ngettext,
    preferred_language,
    use_drawn_language,
    use_language,
    with_translations,
)
from fer.labels import EXPRESSIONS

CATALOGUE = {
    "yes": "ja",
    "%(num)s face": ["%(num)s Gesicht", "%(num)s Gesichter"],
    "%(share)s of 100%%": "%(share)s von 100%%",
    "empty": "",
}


@pytest.fixture
def german(monkeypatch):
    known = {"de": CATALOGUE, "hi": CATALOGUE}
    monkeypatch.setattr(i18n, "catalogue", lambda language: known.get(language, {}))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("HI-IN", "hi"),
        ("en;q=0.5, es-419", "es"),
        ("fr,de;q=0.9", "en"),  # as Gradio's own scripts, which look at the first one only
        ("es;q=nonsense", "es"),
        ("*", "en"),
        ("fr;q=0.1," * 9000 + "de", "en"),  # nobody's browser, which would take a while
    ],
)
def test_the_first_choice_counts(accepted, language):
    assert preferred_language(accepted) == language


def test_a_language_ends_with_its_block(german):
    with use_language("de"):
        assert (current_language(), gettext("yes")) == ("de", "ja")
        with use_language("xx"):
            assert (current_language(), gettext("yes")) == ("en", "yes")
        assert gettext("yes") == "ja"
    assert gettext("yes") == "yes"


def test_a_text_without_translation_stays_english(german):
    with use_language("de"):
        assert (gettext("no"), gettext("empty")) == ("no", "empty")


def test_values_are_filled_in(german):
    assert gettext("%(share)s of 100%%", share="5%") == "5% of 100%"
    with use_language("de"):
        assert gettext("%(share)s of 100%%", share="5%") == "5% von 100%"


def test_each_language_has_its_own_plural(german):
    def faces(number):
        return ngettext("%(num)s face", "%(num)s faces", number)

    assert [faces(n) for n in (0, 1, 2)] == ["0 faces", "1 face", "2 faces"]
    with use_language("de"):
        assert [faces(n) for n in (0, 1, 2)] == ["0 Gesichter", "1 Gesicht", "2 Gesichter"]
    with use_language("hi"):  # as Unicode's CLDR has it
        assert [faces(n) for n in (0, 1, 2)] == ["0 Gesicht", "1 Gesicht", "2 Gesichter"]


def test_pictures_are_in_english_where_their_font_lacks_the_letters():
    for language, drawn in (("de", "de"), ("hi", "en")):
        with use_language(language), use_drawn_language():
            assert current_language() == drawn


def test_every_expression_has_a_name_of_its_own():
    for language in i18n.LANGUAGES:
        with use_language(language):
            names = [gettext(name) for name in EXPRESSIONS]
        assert len(set(names)) == len(EXPRESSIONS)
        assert language == "en" or names != list(EXPRESSIONS)


def test_a_script_brings_the_translations_of_its_texts(german):
    assert with_translations("run();") == "run();"
    script = with_translations('show(_("yes"), _("no"), other_("yes"));')
    assert '"de": {"no": "no", "yes": "ja"}' in script
    assert script.endswith('show(_("yes"), _("no"), other_("yes"));')
