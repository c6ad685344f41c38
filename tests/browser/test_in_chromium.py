"""Opens every built page in Chromium, from disk, as a reader would."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

HTML = Path(__file__).parent.parent.parent / "_build" / "html"
PAGES = sorted(path.relative_to(HTML) for path in HTML.rglob("*.html"))
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
#: Thebe's own script stands twice in each page; nothing comes of it.
KNOWN = "Identifier 'THEBE_JS_URL' has already been declared"
#: Half a second for what a script asks for late, then no work left.
#: (Playwright's own "networkidle" sometimes waits for ever.)
IDLE = """() => new Promise(done =>
  setTimeout(() => requestIdleCallback(done), 500))"""


@pytest.fixture(params=SIZES, scope="session")
def window(browser, request):
    width, height = SIZES[request.param]
    context = browser(viewport={"width": width, "height": height})
    yield context
    context.close()


def open_page(window, path):
    """The page, what it asked of other hosts, and its script errors."""
    page, outside, errors = window.new_page(), [], []
    page.on(
        "request",
        lambda request: (
            request.url.startswith("http") and outside.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: errors.append(error.message))
    page.goto((HTML / path).as_uri())
    page.wait_for_function(IDLE)
    return page, outside, errors


def test_there_are_pages():
    assert Path("book/several-inputs.html") in PAGES


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_opens_without_network_and_errors(window, path):
    page, outside, errors = open_page(window, path)

    assert outside == []
    assert [error for error in errors if KNOWN not in error] == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
    page.close()


def contrast(page, cell):
    """Contrast of text and background, as WCAG 2 defines it."""
    colours = cell.evaluate(
        """cell => {
          let behind = cell, colour = "rgba(0, 0, 0, 0)";
          while (behind && colour === "rgba(0, 0, 0, 0)") {
            colour = getComputedStyle(behind).backgroundColor;
            behind = behind.parentElement;
          }
          return [getComputedStyle(cell).color, colour];
        }"""
    )
    light = []
    for colour in colours:
        parts = colour[colour.index("(") + 1 : -1].split(",")[:3]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (float(part) / 255 for part in parts)
        ]
        light.append(
            sum(map(float.__mul__, (0.2126, 0.7152, 0.0722), linear))
        )
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_table_of_check_can_be_read(browser, scheme):
    """By eye in both colour modes, and by a screen reader."""
    window = browser(color_scheme=scheme)
    page, _, _ = open_page(window, "book/several-inputs.html")
    tables = page.locator("table", has_text="Does the data fit the model?")

    assert tables.count() == 2
    for table in tables.all():
        assert table.locator("caption").count() == 1
        assert table.locator("th[scope=col]").count() == 5
        assert table.locator("th[scope=row]").count() >= 3
        for cell in table.locator("caption, th, td").all():
            assert contrast(page, cell) >= 4.5
    window.close()
