"""The page in the browser's language, and in the one that was chosen in the settings since."""

import pytest

from fer.timeline.serialization import to_json
from tests.e2e.browser import CHROMIUM, choose_language
from tests.timeline.test_compare import lesson

pytestmark = pytest.mark.browser

TABS = {
    "de-AT": ["Live", "Foto", "Aufnahme", "Modell", "Über"],
    "es-MX": ["En vivo", "Foto", "Grabación", "Modelo", "Info"],
    "hi-IN": ["लाइव", "फ़ोटो", "रिकॉर्डिंग", "मॉडल", "परिचय"],
    "fr-FR": ["Live", "Photo", "Recording", "Model", "About"],  # a language that there isn't
}

IN_A_HEADING = """text => [...document.querySelectorAll("h2, h3")]
  .some((heading) => heading.textContent === text)"""


@pytest.fixture(scope="module")
def chromium(playwright):
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser
    browser.close()


def open_page(chromium, url, locale):
    page = chromium.new_page(locale=locale, viewport={"width": 390, "height": 844})
    page.goto(url)
    page.get_by_role("tab").last.wait_for()
    return page


@pytest.mark.parametrize("locale", TABS)
def test_the_browsers_language_chooses(chromium, url, locale):
    page = open_page(chromium, url, locale)
    language = "en" if locale.startswith("fr") else locale[:2]
    page.wait_for_function("language => document.documentElement.lang === language", arg=language)
    assert page.get_by_role("tab").all_inner_texts() == TABS[locale]
    assert page.title() == page.get_by_role("heading", level=1).inner_text()
    assert (page.title() == "Which expression is on your face?") == (language == "en")
    page.close()


def compare_timelines(page, folder):
    paths = [folder / "one.json", folder / "two.json"]
    for seed, path in enumerate(paths):
        path.write_text(to_json(lesson(seed)))
    page.get_by_role("tab", name="Aufnahme").click()
    page.locator("#recording-comparison button").first.click()
    page.locator("#comparison-input input[type=file]").set_input_files(__file__)
    page.locator("#comparison-note [role=alert]").get_by_text("ist kein Verlauf").wait_for()
    page.locator("#comparison-input input[type=file]").set_input_files(paths)
    page.locator("#comparison-result").get_by_text("two minus one").first.wait_for()


def test_what_the_server_writes_follows_the_settings(chromium, url, tmp_path):
    page = open_page(chromium, url, "de-DE")
    page.get_by_role("tab", name="Modell").click()
    page.wait_for_function(IN_A_HEADING, arg="Konfusionsmatrix")
    page.get_by_role("tab", name="Foto").click()
    page.get_by_role("button", name="Beispiel: astronaut").click()
    page.wait_for_function(IN_A_HEADING, arg="Gesicht 1")
    assert page.locator("#photo-result .fer-verdict").first.inner_text().startswith("Freude")
    page.get_by_role("tab", name="Modell").click()
    page.locator("#networks-compare").click()
    page.wait_for_function(IN_A_HEADING, arg="Gesicht 1, von beiden")
    compare_timelines(page, tmp_path)
    page.locator("#recording-input input[type=file]").set_input_files(tmp_path / "one.json")
    refusal = page.locator("#recording-limits [role=alert]")
    refusal.get_by_text("hat keines dieser Formate").wait_for()
    page.get_by_role("tab", name="Foto").click()
    page.get_by_role("button", name="Einstellungen").click()
    choose_language(page, "Español")
    page.wait_for_function("document.title === '¿Qué expresión tiene su cara?'")
    for heading in ("Cara 1", "Matriz de confusión", "Cara 1, por ambas"):  # what was there already
        page.wait_for_function(IN_A_HEADING, arg=heading)
    page.wait_for_function(
        "document.querySelector('#comparison-result').innerText.includes('menos one')"
    )
    assert page.get_by_role("tab").all_inner_texts() == TABS["es-MX"]  # also those never opened
    assert "en ninguno de estos formatos" in refusal.text_content()
    for name in ("Quitar la imagen", "Subir un archivo"):
        assert page.locator(f"[aria-label='{name}']").count() > 0
    assert page.locator("[aria-label='Ejemplo: cat']").count() == 1
    page.locator("#photo-examples button").last.evaluate("cat => cat.click()")
    page.locator("#photo-result").get_by_text("No se encontró ninguna cara").wait_for()
    page.close()


OUT_OF_SIGHT = """() => {
  const panel = document.querySelector("#model-panel");
  const tables = [...panel.querySelectorAll(".fer-confusion .fer-table")]
    .filter((table) => table.scrollWidth > table.clientWidth);
  const texts = [...panel.querySelectorAll("svg text")].filter((text) => {
    const [inner, outer] = [text, text.ownerSVGElement].map((box) => box.getBoundingClientRect());
    return inner.left < outer.left - 1 || inner.right > outer.right + 1;
  });
  return [...tables, ...texts].map((element) => element.textContent);
}"""


@pytest.mark.parametrize("locale", ["de-DE", "es-ES"])
@pytest.mark.parametrize("width", [390, 920, 1280])
def test_long_words_fit_the_model_tab(chromium, url, locale, width):
    page = chromium.new_page(locale=locale, viewport={"width": width, "height": 844})
    page.goto(url)
    page.get_by_role("tab", name="Model").click()  # Modell, Modelo
    page.locator("#model-panel .fer-confusion").wait_for()
    assert page.evaluate(OUT_OF_SIGHT) == []
    page.close()
