"""Finds what axe-core objects to on a page, in light and in dark colours."""

from axe_playwright_python.base import AXE_SCRIPT

RULES = {name: {"enabled": True} for name in ("label-content-name-mismatch", "target-size")}
"""Rules that axe leaves out unless asked for: a button's name has what is written on it, and it is
large enough for a finger."""

MORE_FILES = ":is(#recording-input, #comparison-input) button:has(.icon-mode)"

PASSED_OVER = [
    ("image-redundant-alt", "footer img", "the Settings button has an icon of its own name"),
    ("nested-interactive", MORE_FILES, "the button that adds files has another one inside"),
    ("target-size", f"{MORE_FILES} *", "that one inside, which does nothing, is small"),
]
"""What Gradio's elements break and its public means can't mend: rule, selector, and how."""

SETTLED = """() => !document.querySelector(".pending")
  && document.getAnimations().every((each) => !(each instanceof CSSTransition))"""
"""No answer is awaited, which dims what it will replace, and no color is changing."""


def objections(page, emulated=False):
    """Return what is wrong with a page as it is: theme, rule, element and axe's explanation.

    Args:
        page: Playwright's, with reduced motion, or colours would be seen on their way.
        emulated: Whether the theme follows the browser's; else it is a class of Gradio's body.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = []
    for theme, options in (("dark", {"runOnly": ["color-contrast"]}), ("light", {"rules": RULES})):
        if emulated:
            page.emulate_media(color_scheme=theme)
        else:
            page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
        # While axe looks, for seconds on a busy machine, the page goes on: what is wrong with it is
        # still wrong a moment later.
        if lines := _run(page, options, theme):
            again = _run(page, options, theme)
            found += [line for line in lines if line in again]
    return found


def _run(page, options, theme):
    page.wait_for_timeout(100)
    page.wait_for_function(SETTLED)
    options = {"resultTypes": ["violations"], **options}
    answer = page.evaluate("(options) => axe.run(document, options)", options)
    return [line for rule in answer["violations"] for line in _lines(page, rule, theme)]


def _lines(page, rule, theme):
    selector = ", ".join(own for broken, own, _ in PASSED_OVER if broken == rule["id"])
    for node in rule["nodes"]:
        (target,) = node["target"]  # several would be a path through frames
        if selector and page.evaluate(
            "([target, selector]) => document.querySelector(target).matches(selector)",
            [target, selector],
        ):
            continue
        yield f"{theme}: {rule['id']} {target}: {' '.join(node['failureSummary'].split())}"
