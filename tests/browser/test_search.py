"""The search of the built book finds a pasted message, from disk."""

import re
from pathlib import Path

import pytest
from test_in_chromium import HTML, contrast

pytestmark = pytest.mark.browser

PASTED = (Path(__file__).parent / "messages.txt").read_text("utf-8")
#: Anchor and message, as users paste them: whole tracebacks of scripts and
#: notebooks, single messages, other quotes, lines broken anywhere.
MESSAGES = re.findall(
    r"^==== (trouble-[\w-]+)\n(.*?)(?=^==== |\Z)",
    PASTED,
    re.MULTILINE | re.DOTALL,
)
FOUND = "#messages-found"


@pytest.fixture(scope="module")
def page(browser):
    window = browser(viewport={"width": 1280, "height": 900})
    yield window.new_page()
    window.close()


def search(page, text):
    """Pastes a text into the search of a page, and presses Enter."""
    page.goto((HTML / "book" / "index.html").as_uri())
    page.keyboard.press("Control+K")
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?*")
    page.wait_for_load_state("load")


def opens(page):
    """The anchor at which the first hit opens, once that is in sight."""
    page.locator(f"{FOUND} a, #search-results ul.search a").first.click()
    page.wait_for_url("**/book/*.html*")
    anchor = page.url.partition("#")[2]
    page.wait_for_function(
        """id => {
          const place = document.getElementById(id);
          const top = place?.getBoundingClientRect().top;
          return top >= 0 && top < 200;
        }""",
        arg=anchor,
    )
    return anchor


def test_the_messages_are_forty_of_many_kinds():
    assert len(MESSAGES) == 40
    assert len({anchor for anchor, _ in MESSAGES}) >= 25
    assert (
        sum("Traceback (most recent" in text for _, text in MESSAGES) >= 15
    )


def test_a_pasted_message_opens_at_its_entry(page):
    missed = []
    for anchor, text in MESSAGES:
        search(page, text)
        found = page.locator(FOUND).count()
        opened = opens(page) if found else "nothing"
        if opened != anchor:
            missed.append((anchor, opened, text[-200:]))

    assert len(MESSAGES) - len(missed) >= 36, missed


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("loss is nan", "trouble-nan"),
        ("output_signature", "trouble-list"),
        ("data cardinality", "trouble-cardinality"),
    ],
)
def test_a_few_words_of_a_message_are_enough(page, words, first):
    search(page, words)

    assert opens(page) == first


@pytest.mark.parametrize("words", ["penguins", "inputs", "merge branches"])
def test_other_searches_stay_as_they_are(page, words):
    search(page, words)
    page.locator("#search-results ul.search a").first.wait_for()

    assert page.locator(FOUND).count() == 0


def test_at_most_five_entries_stand_above_the_other_results(page):
    search(page, "keras object has no attribute shape of labels and output")
    section = page.locator(FOUND)

    assert 1 <= section.locator("a").count() <= 5
    label = section.get_attribute("aria-labelledby")
    assert section.locator(f"h2#{label}").count() == 1
    assert (
        page.evaluate(
            f"""document.querySelector("{FOUND}").compareDocumentPosition(
          document.getElementById("search-results"))"""
        )
        == 4
    )  # the results follow


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_found_can_be_read(page, scheme):
    page.emulate_media(color_scheme=scheme)
    search(page, "Data cardinality is ambiguous")

    for part in page.locator(f"{FOUND} h2, {FOUND} li, {FOUND} a").all():
        assert contrast(page, part) >= 4.5


def test_markup_in_a_query_stays_text(page):
    search(
        page, "<img src=x onerror=alert(1)> Data cardinality is ambiguous"
    )

    assert page.locator(f"{FOUND} img").count() == 0
    assert page.locator(f"{FOUND} a").count() >= 1
