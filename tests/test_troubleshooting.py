"""The page on troubleshooting: every block of it does what it shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "book" / "troubleshooting.md").read_text("utf-8")
PROGRAM = TESTS / "programs" / "run_page.py"
#: Seconds the whole page may take; a hanging worker must not stop a test.
LIMIT = 300

ENTRIES = {
    match["heading"]: match["content"]
    for match in re.finditer(
        r"^\([\w-]+\)=\n### (?P<heading>.+)\n"
        r"(?P<content>(?s:.*?))(?=^\([\w-]+\)=$|^## )",
        PAGE,
        re.MULTILINE,
    )
}
TABLE = PAGE.split("## First")[0]
INDEX = re.findall(
    r"^\| (`+) ?(.+?) ?\1 \| \[.+\]\(([\w-]+)\) \|$", TABLE, re.MULTILINE
)
CODE = re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WRONG, RIGHT = "You write:", "Write instead:"

GAN = """
real, fake = np.ones((64, 1)), np.zeros((64, 1))
D = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
D.compile("sgd", "mse")
D.trainable = False
G = keras.layers.Dense(2)
both = keras.Sequential([keras.Input((2,)), G, D])
both.compile("sgd", "mse")
for _ in range(2):
    before = D.get_weights()[0], G.kernel.numpy()
    D.trainable = {trainable}
    D.train_on_batch(numbers / 128, real)
    after = D.get_weights()[0]
    D.trainable = False
    both.train_on_batch(numbers / 128, fake)
    learns = not np.array_equal(before[0], after)
    assert learns is {trainable}
    assert np.array_equal(after, D.get_weights()[0])
    assert not np.array_equal(before[1], G.kernel.numpy())
"""
DATASET = """
class Batches(keras.utils.PyDataset):
    def __init__(self, **options):
        {init}

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return data, y
"""
SAVE = """
import tempfile

model.compile("adam", "mse")
model.train_on_batch(data, keras.utils.to_categorical(y))
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{{folder}}/model{ending}")
    keras.models.load_model(f"{{folder}}/model{ending}")
"""
#: What the page says between its blocks: code, and what it prints, in part.
#: Nothing stands for code that runs without a word.
CLAIMS = [
    # Class weights with several outputs
    (
        'two.fit(data, labels, sample_weight={"kind": y}, verbose=0)',
        "You should provide one `sample_weight` array per output",
    ),
    # A flat batch
    (
        "def pairs():\n    yield images, numbers\n"
        "model.predict(pairs(), verbose=0)",
        'Layer "functional" expects 2 named input(s)',
    ),
    # A list inside a batch
    ("model.fit([images, numbers], y, verbose=0)", ""),
    (
        "def pairs():\n"
        "    while True:\n"
        "        yield (images, numbers), y\n"
        "model.fit(pairs(), steps_per_epoch=2, shuffle=False, verbose=0)",
        "",
    ),
    # Targets forgotten
    (
        "def batches():\n    yield data\n"
        "model.fit(batches(), steps_per_epoch=1, shuffle=False, verbose=0)",
        "When passing a Python generator to a Keras model",
    ),
    # Labels that do not go with the loss
    (
        "model.fit(data, keras.utils.to_categorical(y), verbose=0)",
        "Argument `output` must have rank (ndim) `target.ndim - 1`",
    ),
    # An input left out of the model
    (
        "own = keras.Input((2,), name='own')\n"
        "both = keras.layers.Concatenate()([flat, own])\n"
        "keras.Model([image_in, numbers_in], both)",
        "Output with path `` is not connected to `inputs`",
    ),
    # Predictions in another order than the labels
    (
        "batches = MultiInputGenerator(data, y, shuffle=True, seed=0)\n"
        "repeat = keras.Model([image_in, numbers_in], numbers_in)\n"
        "for _ in range(2):\n"
        "    rows = repeat.predict(batches.in_order(), verbose=0)\n"
        "    assert np.array_equal(rows, numbers)",
        "",
    ),
    # Workers that draw the same numbers
    (
        "from companion import Noise\n"
        "noise = keras.Input((1,), name='noise')\n"
        "batches = MultiInputGenerator(\n"
        "    {'noise': Noise(1)}, length=8, batch_size=1, seed=0,\n"
        "    workers=2, use_multiprocessing=True)\n"
        "repeat = keras.Model([noise], noise)\n"
        "assert len(np.unique(repeat.predict(batches, verbose=0))) == 8",
        "",
    ),
    # Coming from Keras 2
    ("model.fit_generator(data)", "has no attribute 'fit_generator'"),
    ("assert keras.utils.Sequence is keras.utils.PyDataset", ""),
    (
        DATASET.format(init="self.options = options")
        + "model.fit(Batches(), shuffle=False, verbose=0)",
        "Your `PyDataset` class should call `super().__init__(**kwargs)`",
    ),
    (
        DATASET.format(init="super().__init__(**options)")
        + "model.fit(Batches(workers=2), shuffle=False, verbose=0)",
        "",
    ),
    (
        "model.compile('adam', 'mse', ['accuracy'])\n"
        "print('compiled')\n"
        "model.fit(data, keras.utils.to_categorical(y), verbose=0)",
        "dtype='string' is not a valid dtype for Keras type promotion",
    ),
    (
        "model.compile('adam', 'mse', metrics=['accuracy'])\n"
        "model.fit(data, keras.utils.to_categorical(y), verbose=0)",
        "",
    ),
    (
        "keras.preprocessing.text.Tokenizer()",
        "module 'keras.preprocessing' has no attribute 'text'",
    ),
    (
        "keras.preprocessing.image.ImageDataGenerator()",
        "has no attribute 'ImageDataGenerator'",
    ),
    (
        "keras.layers.TextVectorization, keras.layers.RandomFlip\n"
        "keras.utils.image_dataset_from_directory",
        "",
    ),
    (
        "keras.layers.merge([flat, numbers_in])",
        "module 'keras.layers' has no attribute 'merge'",
    ),
    ("keras.layers.concatenate([flat, numbers_in])", ""),
    ("model.predict_classes(data)", "has no attribute 'predict_classes'"),
    ("model.predict(data, verbose=0).argmax(axis=-1)", ""),
    (
        "batches = MultiInputGenerator(data, y)\n"
        "model.fit(batches, validation_split=0.2, shuffle=False)",
        "`validation_split` is only supported for tensors or NumPy arrays",
    ),
    (
        "batches = MultiInputGenerator(data, y)\n"
        "model.fit(\n"
        "    batches, validation_data=batches, shuffle=False, verbose=0)",
        "",
    ),
    (SAVE.format(ending=""), "Invalid filepath extension for saving"),
    (
        SAVE.format(ending=".h5"),
        "Could not deserialize 'keras.metrics.mse'",
    ),
    (SAVE.format(ending=".keras"), ""),
    (
        GAN.format(trainable=False),
        "The model does not have any trainable weights.",
    ),
    (GAN.format(trainable=True), ""),
]


def plain(text):
    """Text with every run of whitespace as one space."""
    return " ".join(text.split())


def shows(expected, printed):
    """Whether a text is what was printed; `` ...`` stands for any part."""
    parts = re.split(r"\s*\.\.\.\s*", plain(expected))
    pattern = ".*".join(map(re.escape, parts))
    return re.fullmatch(pattern, plain(printed)) is not None


def lines_of(code):
    return [line for line in code.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the blocks of the page and the claims print, run once."""
    claims = [
        f"### {number}\n\n```python\n{code}\n```\n"
        for number, (code, _) in enumerate(CLAIMS)
    ]
    page = tmp_path_factory.mktemp("page") / "page.md"
    page.write_text("\n".join([PAGE, *claims]), encoding="utf-8")
    child = subprocess.run(
        [sys.executable, PROGRAM, page],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout)


def blocks_under(ran, heading):
    return [block for block in ran if block["entry"] == heading]


@pytest.mark.slow
@pytest.mark.parametrize("heading", ["First: ask `check`", *ENTRIES])
def test_every_block_prints_what_stands_under_it(ran, heading):
    blocks = blocks_under(ran, heading)

    assert blocks
    for block in blocks:
        assert shows(block["expected"], block["printed"]), (
            f"{block['code']}\nprints:\n\n{block['printed']}"
        )


@pytest.mark.slow
def test_no_block_is_left_out(ran):
    """All but the setup, which the others are run after."""
    assert len(ran) == PAGE.count("```python\n") - 1 + len(CLAIMS)
    shown = sum(bool(block["expected"]) for block in ran)
    assert shown == PAGE.count("```text\n")


@pytest.mark.slow
@pytest.mark.parametrize("heading", ENTRIES)
def test_an_entry_has_the_wrong_code_then_a_short_fix(ran, heading):
    blocks = blocks_under(ran, heading)
    labels = [block["label"] for block in blocks]

    assert labels[:2] == [WRONG, RIGHT]
    assert all("check" in label for label in labels[2:])
    assert 1 <= len(lines_of(blocks[1]["code"])) <= 4
    assert blocks[0]["expected"]
    assert "Error" not in blocks[1]["expected"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CLAIMS)))
def test_what_the_page_says_in_passing_is_so(ran, number):
    (block,) = blocks_under(ran, str(number))
    _, said = CLAIMS[number]

    if said:
        assert said in plain(PAGE)
        assert said in plain(block["printed"]), block["printed"]
    else:
        assert block["printed"] == ""


@pytest.mark.slow
@pytest.mark.parametrize(("_", "message", "target"), INDEX)
def test_the_index_has_the_words_of_the_message(ran, _, message, target):
    heading = re.search(rf"^\({target}\)=\n### (.+)$", PAGE, re.MULTILINE)

    assert message in plain(blocks_under(ran, heading[1])[0]["printed"])


def test_the_entries_stand_in_two_groups():
    assert len(ENTRIES) == PAGE.count("\n### ") == 23
    messages, silent = (
        part.count("\n### ")
        for part in PAGE.split("## Messages")[1].split("## Silent failures")
    )
    assert (messages, silent) == (16, 7)
    assert len(INDEX) == 16


def test_the_index_links_every_entry_in_order_and_nothing_else():
    linked = dict.fromkeys(re.findall(r"\]\(([^)]+)\)", TABLE))
    targets = re.findall(r"^\(([\w-]+)\)=\n### ", PAGE, re.MULTILINE)

    assert list(linked) == targets


@pytest.mark.parametrize("heading", ENTRIES)
def test_an_entry_ends_with_a_thread_and_says_what_check_does(heading):
    content = ENTRIES[heading].rstrip()
    thread = (
        r"Thread: \[[\w-]+#(\d+)\]"
        r"\(https://github\.com/[\w-]+/[\w-]+/(issues|pull)/\1\)"
    )

    assert re.match(thread, content.splitlines()[-1])
    helps = "What `check` says" in content
    assert helps != ("`check` cannot help here: " in content)
    assert helps == ("check(" in content)


def test_code_and_outputs_fit_on_the_page():
    assert CODE
    for line in "".join(CODE).splitlines():
        assert len(line) <= 76, line


def test_every_fit_on_a_data_set_keeps_the_order():
    """Arrays are shuffled by Keras row by row, which is what is meant."""
    code = "".join(CODE)
    fits = re.findall(r"fit\(\s*((?:\w*batches|\w+\(\)|pairs).*?)\n", code)

    assert len(fits) >= 10
    assert [fit for fit in fits if "shuffle=False" not in fit] == []


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a b\n  c", "a  b c\n", True),
        ("a ... c", "a b\nb c", True),
        ("a (...) c", "a (b) c", True),
        ("a ...", "a", True),
        ("", "\n", True),
        ("a b", "a c", False),
        ("a ... c", "a b c d", False),
        ("a", "a b", False),
        ("", "a", False),
        ("a", "", False),
        ("a.", "ab", False),
    ],
)
def test_the_comparison_can_fail(expected, printed, same):
    assert shows(expected, printed) is same


SMALL = """## The examples use

```python
number = 1
```

### One

```python
number, kept = number + 1, 5
```

```python
print(number, kept)
```

### Two

```python
print(kept)
```
"""


def test_the_setup_runs_before_each_block_and_entries_share_no_names(
    tmp_path,
):
    page = tmp_path / "page.md"
    page.write_text(SMALL)
    child = subprocess.run(
        [sys.executable, PROGRAM, page],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    first, second, third = json.loads(child.stdout)
    assert (first["printed"], second["printed"]) == ("", "1 5\n")
    assert third["printed"].startswith("NameError")
