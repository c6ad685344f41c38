"""The structure of the book: what every page owes its reader."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import whole_run
import yaml
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from companion.lab import pages
from companion.lab.claims import as_html

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
NOTEBOOKS = {
    path.stem: path
    for path in sorted(BOOK.rglob("*.ipynb"))
    if not {".ipynb_checkpoints", "graded"} & set(path.parts)
}
#: Page to the pages under it, in the order of the contents.
PARTS = {
    part["caption"]: {
        Path(chapter["file"]).name: [
            Path(section["file"]).name
            for section in chapter.get("sections", [])
        ]
        for chapter in part["chapters"]
    }
    for part in TOC["parts"]
}
SECTIONS = {
    name: sections
    for pages_below in PARTS.values()
    for name, sections in pages_below.items()
}
CHAPTERS = [
    name
    for caption, names in PARTS.items()
    for name in names
    if caption != "Reference" and name in NOTEBOOKS
]
SHEETS = [
    n for n, p in NOTEBOOKS.items() if p.parent.parent.name == "exercises"
]
#: The usual order; the first, `Exercises` and the last three are required.
HEADINGS = [
    "What you will be able to do",
    "The problem in one picture",
    "Predict",
    "Build",
    "Feed and check",
    "Train",
    "Compare",
    "Break it on purpose",
    "Change me",
    "Exercises",
    "What to remember",
    "Going further",
    "Without the companion",
]


def read(name):
    return nbformat.read(NOTEBOOKS[name], as_version=4)


def code_of(page):
    return [c for c in page.cells if c.cell_type == "code"]


def code_cells(name):
    return code_of(read(name))


def prose_of(page):
    return "\n".join(
        c.source for c in page.cells if c.cell_type == "markdown"
    )


def prose(name):
    return prose_of(read(name))


def statements(cell):
    """How much there is to read, however the lines are broken."""
    code = re.sub(r"^%.*$", "", cell.source, flags=re.MULTILINE)
    nodes = ast.walk(ast.parse(code))
    return sum(isinstance(node, ast.stmt) for node in nodes)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def has_text(output):
    """Whether an output shows text; the text of a figure is none."""
    return output.output_type != "display_data" or not any(
        kind.startswith("image/") for kind in output.data
    )


every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)
every_chapter = pytest.mark.parametrize("name", CHAPTERS)
every_sheet = pytest.mark.parametrize("name", SHEETS)
every_lesson = pytest.mark.parametrize("name", CHAPTERS + SHEETS)


def test_every_page_of_the_book_is_in_its_contents():
    listed = [
        Path(TOC["root"]).name,
        *SECTIONS,
        *sum(SECTIONS.values(), []),
    ]
    files = [*NOTEBOOKS, *(path.stem for path in BOOK.rglob("*.md"))]

    assert sorted(listed) == sorted(files)
    assert CHAPTERS and SHEETS


@every_sheet
def test_a_sheet_stands_under_its_chapter(name):
    chapter = name.removeprefix("practice-")

    assert SECTIONS[chapter] == [name]
    assert f"(../../{chapter})" in prose(name)


@every_chapter
def test_a_chapter_has_a_sheet(name):
    assert f"practice-{name}" in SHEETS


def sections_missing(page):
    """What is wrong with the headings of a page."""
    found = re.findall(r"^## (.*)$", prose_of(page), re.MULTILINE)
    known = [heading for heading in found if heading in HEADINGS]
    if found[:1] != HEADINGS[:1]:
        yield f"begins with {HEADINGS[0]}"
    if found[-3:] != HEADINGS[-3:]:
        yield f"ends with {', '.join(HEADINGS[-3:])}"
    if "Exercises" not in found[1:-3]:
        yield "has Exercises"
    if known != [heading for heading in HEADINGS if heading in known]:
        yield "keeps the order"


def lesson_missing(page):
    """What keeps a page from being one lesson."""
    cells = code_of(page)
    size = pages.size_of(page)
    claims = [cell for cell in cells if "claim(" in cell.source]
    told = "\n".join(cell.source for cell in cells)
    if size["cells"] > 24:
        yield "at most 24 visible cells"
    if size["words"] > 2000:
        yield "at most 2,000 words"
    if not 2 <= len(list(pages.claims_of(page))) <= 5:
        yield "2 to 5 claims"
    if not all("hide-input" in tags(cell) for cell in [cells[0], *claims]):
        yield "folds its first cell and its claims"
    if "show_model(" not in told:
        yield "a picture of a model"
    if "show_history(" not in told:
        yield "a learning curve"


@every_chapter
def test_a_chapter_has_its_sections_in_order(name):
    assert list(sections_missing(read(name))) == []


@every_chapter
def test_a_chapter_is_one_lesson(name):
    lengths = sorted(map(statements, code_cells(name)))

    assert lengths[len(lengths) // 2] <= 8
    assert lengths[int(0.9 * len(lengths))] <= 15
    assert list(lesson_missing(read(name))) == []


def lesson():
    """The smallest page that is a lesson."""
    headings = [HEADINGS[0], "Exercises", *HEADINGS[-3:]]
    claim = new_output("display_data", metadata={"claim": {"value": 1}})
    sources = ["import companion", "claim(1)", "show_model(m)"]
    sources += ["show_history(h)"] + 22 * ["1"]
    cells = [new_code_cell(source) for source in sources]
    cells[0].metadata.tags = cells[1].metadata.tags = ["hide-input"]
    cells[1].outputs = [claim, claim]
    text = "\n\n".join(f"## {heading}" for heading in headings)
    return new_notebook(cells=[new_markdown_cell(text), *cells])


def edited(old, new):
    def edit(page):
        for cell in page.cells:
            cell.source = cell.source.replace(old, new)

    return edit


@pytest.mark.parametrize(
    ("edit", "missing"),
    [
        (lambda page: None, []),
        (edited(HEADINGS[0], "Start"), [f"begins with {HEADINGS[0]}"]),
        (
            edited("## Going further", "## Going on"),
            [f"ends with {', '.join(HEADINGS[-3:])}"],
        ),
        (edited("## Exercises", ""), ["has Exercises"]),
        (edited("## Exercises", "## My own\n\n## Exercises"), []),
        (
            edited("## Exercises", "## Train\n\n## Build\n\n## Exercises"),
            ["keeps the order"],
        ),
        (
            lambda page: page.cells.append(new_code_cell("1")),
            ["at most 24 visible cells"],
        ),
        (
            lambda page: page.cells.append(
                new_code_cell("1", metadata={"tags": ["remove-cell"]})
            ),
            [],
        ),
        (
            edited("## Exercises", "## Exercises\n\n" + 2000 * "word "),
            ["at most 2,000 words"],
        ),
        (lambda page: page.cells[2].outputs.pop(), ["2 to 5 claims"]),
        (
            lambda page: page.cells[2].metadata.tags.clear(),
            [
                "at most 24 visible cells",
                "folds its first cell and its claims",
            ],
        ),
        (
            edited("show_model(m)", "m.summary()"),
            ["a picture of a model"],
        ),
        (edited("show_history(h)", "h"), ["a learning curve"]),
    ],
)
def test_a_page_that_is_no_lesson_is_told_why(edit, missing):
    page = lesson()

    edit(page)

    found = [*sections_missing(page), *lesson_missing(page)]
    assert found == missing


@every_chapter
def test_a_chapter_says_what_it_needs_and_takes(name):
    text = prose(name)

    assert "You need:" in text and "minutes to read" in text
    assert "seconds" in text or "minute" in text


@every_sheet
def test_a_sheet_says_what_it_needs_and_takes(name):
    text = prose(name)

    assert "You need:" in text and "make sheets" in text
    assert re.search(r"Plan \d+ minutes\. The sheet runs in", text)


@every_notebook
def test_every_cell_was_run_in_order(name):
    counts = [c.execution_count for c in code_cells(name)]

    assert counts == list(range(1, len(counts) + 1))


@every_chapter
def test_most_outputs_are_compared(name):
    """At least two thirds of the cells that show text."""
    shown = [
        cell
        for cell in code_cells(name)
        if any(map(has_text, cell.outputs))
    ]
    compared = [c for c in shown if "nbval-ignore-output" not in tags(c)]

    assert len(compared) >= 2 / 3 * len(shown)


@every_notebook
def test_every_figure_has_a_text_for_those_who_cannot_see_it(name):
    for cell in code_cells(name):
        if "image/png" in json.dumps(cell.outputs):
            alt = cell.metadata["mystnb"]["image"]["alt"]
            assert len(alt.split()) >= 10


@every_notebook
def test_a_figure_that_describes_itself_is_described_so(name):
    """A model that has changed needs `make notebooks`."""
    for cell in code_cells(name):
        words = pages.descriptions_of(cell)
        if words:
            figures = json.dumps(cell.outputs).count('"image/png": "')
            assert figures == len(words)  # others have a cell of their own
            assert cell.metadata["mystnb"]["image"]["alt"] == " ".join(
                words
            )


#: What writes beside the axes of a figure; `show_...` of the lab does.
LABELS = r"\bshow_\w+\(|\bset_([xy]label|title)|\b([xy]label|title)="


@every_notebook
def test_a_figure_has_a_title_or_a_label(name):
    for cell in code_cells(name):
        if "image/png" in json.dumps(cell.outputs):
            assert re.search(LABELS, cell.source)


@every_notebook
def test_outputs_are_calm(name):
    """No machine paths, no warnings, no log lines, nothing empty."""
    for cell in code_cells(name):
        assert all(output.get("data") != {} for output in cell.outputs)
        text = json.dumps(cell.outputs)
        assert not re.search(r"/(home|root|tmp|work|Users)/", text)
        assert not re.search(r"Warning:|WARNING|oneDNN", text)
        assert '"stderr"' not in text
        has_error = any(o.output_type == "error" for o in cell.outputs)
        assert has_error == ("raises-exception" in tags(cell))


@every_notebook
def test_code_fits_the_page(name):
    for cell in code_cells(name):
        for line in cell.source.splitlines():
            assert len(line) <= 76, line


@every_notebook
def test_the_first_cell_says_how_to_start(name):
    first = code_cells(name)[0].source

    assert "import companion" in first
    assert "make lab" in first and "pip install -e ." in first


def sources():
    """All code of the project: notebooks, README, package and tests."""
    for name in NOTEBOOKS:
        lines = "\n".join(c.source for c in code_cells(name))
        yield name, re.sub(r"^%.*$", "", lines, flags=re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL):
        yield "README", block
    for folder in ("companion", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            yield str(path), path.read_text()


def fits_that_reorder(source):
    """Calls of ``fit`` on a data set that do not say shuffle=False.

    Arrays come with targets, as a second argument or in a pair with a
    star; a data set alone. Of scikit-learn, what is fitted to arrays
    alone is passed over; so is a ``fit`` that hands on what it was given.
    """
    for node in ast.walk(ast.parse(source)):
        called = getattr(node, "func", None)
        if getattr(called, "attr", None) != "fit":
            continue
        if ast.unparse(called).startswith(("NearestNeighbors(", "super()")):
            continue
        keywords = {k.arg: k.value for k in node.keywords}
        pair = any(isinstance(each, ast.Starred) for each in node.args)
        if len(node.args) >= 2 or pair or "y" in keywords:
            continue
        shuffle = keywords.get("shuffle")
        if getattr(shuffle, "value", None) is not False:
            yield ast.unparse(node)


def test_fit_does_not_reorder_the_batches_of_a_generator():
    arrays = "m.fit(x, y)\nm.fit(x, y=y)\nm.fit(*xy)"
    bad = f"m.fit(batches, callbacks=[F()])\n{arrays}"
    assert list(fits_that_reorder(bad)) == [
        "m.fit(batches, callbacks=[F()])"
    ]

    found = {
        name: list(fits_that_reorder(text)) for name, text in sources()
    }
    found = {name: calls for name, calls in found.items() if calls}
    assert set(found) <= {str(ROOT / "tests" / "test_traps.py")}
    assert len(list(sources())) > 20


@every_notebook
def test_metadata_is_the_same_on_every_machine(name):
    metadata = read(name).metadata

    assert metadata.kernelspec.name == "python3"
    assert metadata.language_info == {"name": "python"}


@every_lesson
def test_the_seed_is_set_in_one_cell(name):
    cells = code_cells(name)
    with_seed = [c for c in cells if "parameters" in tags(c)]

    assert len(with_seed) == 1
    assert "keras.utils.set_random_seed(seed)" in with_seed[0].source
    assert sum("set_random_seed" in c.source for c in cells) == 1


@every_chapter
def test_what_the_articles_recommend_is_there(name):
    text = prose(name)

    for link in read(name).metadata.get("book", {}).get("links", []):
        assert link in text
    further = text.split("## Going further")[1].split("##")[0]
    assert 3 <= further.count("\n- ") <= 6


def not_alone(source):
    """What a cell takes from others: names, or the companion."""
    for node in ast.walk(ast.parse(source)):
        imported = [getattr(node, "module", None) or ""]
        imported += [alias.name for alias in getattr(node, "names", [])]
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (n for n in imported if n.startswith("companion"))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "-"]
        + ["--select=F821", "--output-format=concise"],
        input=source,
        capture_output=True,
        text=True,
    )
    yield from re.findall("F821 .* `(.*)`", done.stdout)


@every_chapter
def test_the_plain_pattern_stands_alone(name):
    """The page runs it; without the page it would run as well."""
    (cell,) = [
        c for c in code_cells(name) if "without-companion" in tags(c)
    ]

    assert list(not_alone(cell.source)) == []


def test_a_pattern_that_needs_its_page_is_found():
    source = "import numpy as np\nfrom companion import check\n"

    assert list(not_alone(source + "check(np, [])")) == ["companion"]
    assert list(not_alone("import keras\nkeras.Model([image], band)")) == [
        "image",
        "band",
    ]


def test_proofs_are_those_of_the_chapters():
    """Every claim of a page was measured over the seeds, and holds."""
    proofs = json.loads((BOOK / "proofs.json").read_text())
    claimed = {
        (name, claim["claim"], claim["bound"])
        for name in CHAPTERS
        for claim in pages.claims_of(read(name))
    }

    assert {
        (p["chapter"], p["claim"], p["bound"]) for p in proofs
    } == claimed
    for proof in proofs:
        assert len(proof["values"]) == len(pages.SEEDS)
        assert proof["holds"], proof["claim"]
        assert proof["seconds"] <= whole_run.limit_of(proof["chapter"])


PROVEN = r'class="measured">(five|\d+) other seeds?:'


def stale_claims(page, proofs):
    """Claims that show another spread than that of now, or none."""
    for cell in code_of(page):
        for output in cell.outputs:
            record = output.get("metadata", {}).get("claim")
            if record:
                shown = output.data["text/html"]
                now = as_html(record, proofs)
                if shown != now or not re.search(PROVEN, shown):
                    yield record["claim"]


@every_chapter
def test_claims_show_the_spread_of_now(name):
    """Measured again, or with another bound: `make notebooks` after it."""
    proofs = json.loads((BOOK / "proofs.json").read_text())

    assert list(stale_claims(read(name), proofs)) == []


def test_a_claim_with_another_spread_is_stale():
    bound = "at least 1"
    record = {"claim": "a", "value": 1.0, "bound": bound, "holds": True}
    proof = {**record, "values": [1.0, 2.0]}
    shown = as_html(record, [proof])
    page = new_notebook(cells=[new_code_cell("claim()")])
    data, metadata = {"text/html": shown}, {"claim": record}
    page.cells[0].outputs = [
        new_output("display_data", data, metadata=metadata)
    ]

    assert list(stale_claims(page, [proof])) == []
    again = {**proof, "values": [1.0, 3.0]}
    for proofs in ([again], [{**proof, "bound": "at least 0"}], []):
        assert list(stale_claims(page, proofs)) == ["a"]
    page.cells[0].outputs[0].data["text/html"] = as_html(record, [])
    assert list(stale_claims(page, [])) == ["a"]


def test_a_claim_is_found_by_its_words():
    """A notebook looks for its spread without knowing its chapter."""
    claims = [
        (claim["claim"], claim["bound"])
        for name in CHAPTERS
        for claim in pages.claims_of(read(name))
    ]

    assert len(set(claims)) == len(claims)


def test_terms_of_the_glossary_are_in_order():
    text = (BOOK / "glossary.md").read_text()
    terms = re.findall(r"^(\w.*)\n  ", text, re.MULTILINE)

    assert terms == sorted(terms, key=str.lower)
    assert len(terms) >= 10


def test_the_address_of_the_repository_stands_in_one_place():
    """Without it nothing says where to clone; with it, what needs it."""
    address = CONFIG["repository"]["url"]
    readme = (ROOT / "README.md").read_text()

    assert CONFIG["parse"]["myst_substitutions"]["address"] == address
    assert bool(address) == ("launch_buttons" in CONFIG)
    if address:
        assert f"git clone {address}" in readme
    else:
        assert "git clone" not in readme


def test_pages_that_take_too_long_or_leave_files_are_told():
    seconds = {"merging": 150.0, "practice-merging": 20.0, "feeding": 9.0}

    found = whole_run.faults(seconds, {BOOK / "a"}, {BOOK / "b"})

    assert [line.split(":")[0] for line in found] == ["merging", "a", "b"]
    assert not whole_run.faults({"feeding": 9.0}, {BOOK}, {BOOK})


@pytest.mark.parametrize("times", [1, 5])
def test_on_a_slow_machine_only_a_page_later_than_others_is_told(times):
    proofs = json.loads((BOOK / "proofs.json").read_text())
    alone = {
        p["chapter"]: min(p["seconds"], whole_run.LIMIT) for p in proofs
    }
    seconds = {name: times * taken for name, taken in alone.items()}

    assert not whole_run.faults(seconds, {BOOK}, {BOOK})
    seconds["rules"] = times * 150
    late = whole_run.faults(seconds, {BOOK}, {BOOK})
    assert [line.split(":")[0] for line in late] == ["rules"]


OFFLINE = """
import socket
for attempt in (
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
):
    try:
        attempt()
    except OSError as error:
        print("without network" in str(error))
"""


def test_kernels_of_notebooks_have_no_network():
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True
    )

    assert done.stdout == "True\nTrue\n", done.stderr
