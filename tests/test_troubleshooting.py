"""The pages on troubleshooting: every block does what it shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

from companion import ContractError, ContractWarning, check
from companion.checking.entries import _WORDS, entry_of

TESTS = Path(__file__).parent
BOOK = TESTS.parent / "book"
#: The front page, then a page for each family, as the contents list them.
PAGES = {
    Path(file).name: (TESTS.parent / f"{file}.md").read_text("utf-8")
    for part in yaml.safe_load((TESTS.parent / "_toc.yml").read_text())[
        "parts"
    ]
    for chapter in part["chapters"]
    if chapter["file"] == "book/troubleshooting"
    for file in [
        chapter["file"],
        *(section["file"] for section in chapter["sections"]),
    ]
}
FRONT = PAGES["troubleshooting"]
SILENT = PAGES["troubleshooting-silent"]
#: All of it, as it is run: the setup of the front page holds for all.
PAGE = "\n".join(PAGES.values())
PROGRAM = TESTS / "programs" / "run_page.py"
#: Seconds all pages may take; a hanging worker must not stop a test.
LIMIT = 300

#: From an anchor to its text: the heading, and all down to the next entry.
TEXTS = {
    match["anchor"]: match["text"]
    for page in PAGES.values()
    for match in re.finditer(
        r"^\((?P<anchor>trouble-[\w-]+)\)=\n## (?P<text>(?s:.*?))"
        r"(?=^:::\{index\}|\Z)",
        page,
        re.MULTILINE,
    )
}
#: From the heading of an entry to what stands under it.
ENTRIES = {
    heading: content
    for heading, content in (t.split("\n", 1) for t in TEXTS.values())
    if content.startswith("\n**")
}
ANCHORS = {text.split("\n")[0]: anchor for anchor, text in TEXTS.items()}
#: The words of messages that the search of the book knows, and its anchors.
INDEX = re.findall(
    r"^:::\{index\} single: (.+)\n:name: (trouble-[\w-]+)-(\d+)\n:::$",
    PAGE,
    re.MULTILINE,
)
#: What no Keras of today says: words of readers, and of Keras 2.
SAID_BY_OTHERS = {
    "Graph disconnected",
    "Failed to find data adapter that can handle input",
    "logits and labels must have the same first dimension",
    "inputs in the wrong order",
    "loss does not decrease",
    "loss is nan",
    "negative loss",
}
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
        return {batch}
"""
SAVE = """
import tempfile

model.compile("adam", "mse")
model.train_on_batch(data, keras.utils.to_categorical(y))
with tempfile.TemporaryDirectory() as folder:
    model.save(f"{{folder}}/model{ending}")
    keras.models.load_model(f"{{folder}}/model{ending}")
"""
BATCHES = """
def batches():
    while True:
        yield data, y
        yield {second}
model.fit(batches(), steps_per_epoch=2, shuffle=False, verbose=0)
"""
LISTED = """
outputs = keras.Model([image_in, numbers_in], [answer, size])
outputs.compile("adam", {losses})
outputs.fit(data, {targets}, verbose=0)
"""
CHANGE = """
paid = keras.Input((1,), name="paid")
price = keras.Input((1,), name="price")
change = keras.Model({inputs}, paid - price)
row = {{"paid": np.array([[100.0]]), "price": np.array([[3.0]])}}
"""
WORDS = """
import tensorflow as tf

text = keras.Input((1,), dtype="string", name="text")
layer = keras.layers.StringLookup(vocabulary=["air", "sea"])
lookup = keras.Model([text], layer(text))
words = np.array([["air"], ["sea"]], {dtype})
lookup.predict({{"text": {fed}}}, verbose=0)
"""
FRAME = """
import pandas as pd

table = pd.DataFrame({{"weight": [1.5, 2] * 32, "size": [1, 2] * 32}})
table = table.assign({column})
"""
FIT = 'model.fit({"image": images, "numbers": table}, y, verbose=0)'
#: What the page says between its blocks: code, and what it prints, in part.
#: Nothing stands for code that runs without a word.
CLAIMS = [
    # Unrecognized data type: nested lists, files, functions
    (
        "import tempfile\n"
        "with tempfile.TemporaryFile() as file:\n"
        "    np.savez(file, **data)\n"
        "    file.seek(0)\n"
        "    arrays = np.load(file)\n"
        "    model.fit(dict(arrays), y, verbose=0)\n"
        "    model.fit(arrays, y, verbose=0)",
        "NpzFile 'object' with keys",
    ),
    (
        "nested = [images.tolist(), numbers.tolist()]\n"
        "model.fit(nested, y, verbose=0)",
        "Unrecognized data type: x=[",
    ),
    ("model.fit(data, list(y), verbose=0)", "tuple index out of range"),
    (
        "def batches():\n    yield data, y\n"
        "model.fit(batches(), shuffle=False, verbose=0)\n"
        "model.fit(batches, shuffle=False, verbose=0)",
        "Unrecognized data type: x=<function",
    ),
    (
        DATASET.format(init="super().__init__()", batch="data, y").replace(
            "return data", "data"
        )
        + "model.fit(Batches(), shuffle=False, verbose=0)",
        "must return a tuple or a dict",
    ),
    # Branches that do not meet
    (
        "wide = keras.layers.Dense(64)(numbers_in)\n"
        "keras.layers.Add()([flat, wide])\n"
        "keras.layers.Multiply()([flat, numbers_in])",
        "Inputs have incompatible shapes",
    ),
    (
        "keras.layers.Concatenate()([flat])\n"
        "keras.layers.Concatenate()(flat)",
        "should be called on a list of",
    ),
    (
        "keras.layers.Add()(flat)",
        "should be called on a list of",
    ),
    # Labels of another length than the answers
    (
        "pixels = keras.layers.Dense(3, 'softmax')(image_in)\n"
        "pixels = keras.Model([image_in], pixels)\n"
        "pixels.compile('adam', 'sparse_categorical_crossentropy')\n"
        "pixels.fit(images, np.ones((64, 4, 4)), verbose=0)",
        "must have the same shape up until the last dimension",
    ),
    # Class weights for each pixel
    (
        "pixels = keras.layers.Dense(3, 'softmax')(image_in)\n"
        "pixels = keras.Model([image_in], pixels)\n"
        "pixels.compile('adam', 'sparse_categorical_crossentropy')\n"
        "labels = (images[..., 0] > 0.5).astype(int)\n"
        "per_class = np.array([1, 5, 1])\n"
        "weights = per_class[labels]\n"
        "pixels.fit(images, labels, sample_weight=weights, verbose=0)\n"
        "weights = dict(enumerate(per_class))\n"
        "pixels.fit(images, labels, class_weight=weights, verbose=0)",
        "only 0-dimensional arrays can be converted to Python scalars",
    ),
    # A layer of your own that does not load
    (
        "import tempfile\n"
        "def far(wanted, given):\n"
        "    return keras.ops.mean((wanted - given) ** 2)\n"
        "model.compile('adam', far)\n"
        "folder = tempfile.TemporaryDirectory()\n"
        "path = f'{folder.name}/model.keras'\n"
        "model.save(path)\n"
        "keras.models.load_model(path, compile=False)\n"
        "keras.models.load_model(path)",
        "Could not locate function",
    ),
    (
        "import tempfile\n"
        "@keras.saving.register_keras_serializable()\n"
        "class Half(keras.layers.Layer):\n"
        "    def call(self, values):\n"
        "        return values / 2\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    path = f'{folder}/half.keras'\n"
        "    keras.Model([numbers_in], Half()(numbers_in)).save(path)\n"
        "    keras.models.load_model(path)",
        "",
    ),
    # Weights of another model
    (
        "model.save_weights('model.h5')",
        "The filename must end in `.weights.h5`.",
    ),
    # An answer without a gradient
    (
        "last.trainable = False\n"
        "model.compile('adam', 'sparse_categorical_crossentropy')\n"
        "model.fit(data, y, verbose=0)",
        "The model does not have any trainable weights.",
    ),
    # A last batch that is smaller
    (
        "steps = keras.Input(batch_shape=(32, 5, 1), name='steps')\n"
        "memory = keras.layers.LSTM(2, stateful=True)(steps)\n"
        "series = keras.Model([steps], memory)\n"
        "series.compile('adam', 'mse', run_eagerly=True)\n"
        "series.predict(np.ones((40, 5, 1)), verbose=0)",
        "stateful, the batch size of the input sequences must be the same",
    ),
    # A metric under another name
    (
        "stop = keras.callbacks.EarlyStopping('kind_accuracy')\n"
        "model.fit(data, y, callbacks=[stop], verbose=0)",
        "isn't able to automatically determine whether that metric should "
        "be maximized or minimized",
    ),
    (
        "metrics = {'kind': ['accuracy']}\n"
        "two.compile('adam', losses, metrics=metrics)\n"
        "history = two.fit(data, labels, verbose=0).history\n"
        "assert 'kind_accuracy' in history",
        "",
    ),
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
    # Another shape than the Input
    (
        "import tensorflow as tf\n"
        "batches = tf.data.Dataset.from_tensor_slices((data, y))\n"
        "model.fit(batches, shuffle=False, verbose=0)",
        "Invalid input shape for input Tensor",
    ),
    (
        "sample = {name: values[0] for name, values in data.items()}\n"
        "try:\n"
        "    model.predict(sample, verbose=0)\n"
        "finally:\n"
        "    sample = {n: values[None] for n, values in sample.items()}\n"
        "    assert model.predict(sample, verbose=0).shape == (1, 3)",
        "'str' object has no attribute 'shape'",
    ),
    # Lists and other things that are no arrays
    (
        "from collections import UserDict\n"
        "tokens = UserDict(data)\n"
        "model.fit(dict(tokens), y, verbose=0)\n"
        "model.fit(tokens, y, verbose=0)",
        "(of type <class 'collections.UserDict'>)",
    ),
    (
        FRAME.format(column="size=y") + "def batches(feed):\n"
        "    while True:\n"
        "        yield {'image': images, 'numbers': feed(table)}, y\n"
        "for feed in pd.DataFrame.to_numpy, pd.DataFrame:\n"
        "    model.fit(\n"
        "        batches(feed), steps_per_epoch=1, shuffle=False,\n"
        "        verbose=0)",
        "'DataFrame' object has no attribute 'dtype'",
    ),
    # Texts, dates and mixed columns
    (
        FRAME.format(column="size=y")
        + "table = table.astype('Float64')\n"
        + FIT,
        "Invalid dtype: Float64",
    ),
    (
        FRAME.format(column="size=y == 1, weight=numbers[:, 0]") + FIT,
        "Unsupported object type float",
    ),
    (
        FRAME.format(column='size=pd.to_datetime(["2026-01-01"] * 64)')
        + FIT,
        "Cannot cast DatetimeArray",
    ),
    (
        FRAME.format(column='size=pd.array([None, 1] * 32, "Float64")')
        + "table = table.astype('float32')\n"
        "assert table['size'].isna().sum() == 32",
        "",
    ),
    (
        "days = np.full((64, 2), '2026-01-01', 'datetime64[D]')\n"
        "days[1:] = np.datetime64('2026-01-03')\n"
        "count = (days - days.min()) / np.timedelta64(1, 'D')\n"
        "assert (count[:2, 0] == [0, 2]).all()\n"
        "model.fit({'image': images, 'numbers': days}, y, verbose=0)",
        "Invalid dtype: datetime64[D]",
    ),
    (WORDS.format(dtype="str", fed="words"), "Invalid dtype: str96"),
    (WORDS.format(dtype="object", fed="words"), "Invalid dtype: object"),
    (WORDS.format(dtype="str", fed="tf.constant(words)"), ""),
    (WORDS.format(dtype="object", fed="tf.constant(words)"), ""),
    # Targets forgotten
    (
        "def batches():\n    yield data\n"
        "model.fit(batches(), steps_per_epoch=1, shuffle=False, verbose=0)",
        "When passing a Python generator to a Keras model",
    ),
    # More samples in one array than in another
    (
        "rows = [{'image': images[0], 'numbers': numbers[0]}] * 64\n"
        "model.fit(rows, y, verbose=0)",
        "'x' sizes: 8, 2, 8, 2",
    ),
    # Batches that differ from one another
    (
        BATCHES.format(second="data, y, np.ones(64)"),
        "tuple arity mismatch",
    ),
    (
        BATCHES.format(second="data, y[:, None]"),
        "must have the same rank",
    ),
    (
        DATASET.format(init="super().__init__()", batch="data, y, None")
        + "model.fit(Batches(), shuffle=False, verbose=0)",
        "yielded an element that did not match the expected structure",
    ),
    # A number of batches that is not whole
    (
        "class Batches(keras.utils.PyDataset):\n"
        "    def __len__(self):\n"
        "        return 64 / 30\n"
        "model.fit(Batches(), shuffle=False, verbose=0)",
        "'float' object",
    ),
    (
        "class Batches(keras.utils.PyDataset):\n"
        "    def __len__(self):\n"
        "        return 64 // 100\n"
        "model.fit(Batches(), shuffle=False, verbose=0)",
        "The PyDataset has length 0",
    ),
    # A data set that does not know its shapes
    (
        "import tensorflow as tf\n"
        "def read(numbers, set_shape):\n"
        "    read = tf.py_function(lambda x: x, [numbers], tf.float32)\n"
        "    if set_shape:\n"
        "        read.set_shape((None, 2))\n"
        "    return {'numbers': read}, numbers\n"
        "rows = tf.data.Dataset.from_tensor_slices(numbers).batch(32)\n"
        "repeat = keras.Model([numbers_in], numbers_in * 1)\n"
        "repeat.compile('adam', 'mse')\n"
        "for known in True, False:\n"
        "    batches = rows.map(lambda x: read(x, known))\n"
        "    repeat.fit(batches, shuffle=False, verbose=0)",
        "as_list() is not defined on an unknown TensorShape",
    ),
    # Labels that do not go with the loss
    (
        "model.fit(data, keras.utils.to_categorical(y), verbose=0)",
        "Argument `output` must have rank (ndim) `target.ndim - 1`",
    ),
    (
        "model.fit(data, y + 1, verbose=0)",
        "which is outside the valid range of [0, 3)",
    ),
    # Targets in another form than the outputs
    (
        "two.fit(data, y, verbose=0)",
        "y_true and y_pred have different structures",
    ),
    (
        LISTED.format(
            losses='["sparse_categorical_crossentropy", "mse"]',
            targets='{"dense": y, "dense_1": np.ones(64)}, '
            'sample_weight={"dense": y, "dense_1": y}',
        ),
        "KeyError: 0",
    ),
    (
        LISTED.format(
            losses='["sparse_categorical_crossentropy", "mse"]',
            targets="[y, np.ones(64)], sample_weight=[y, y]",
        ),
        "",
    ),
    # A name in compile that no output has
    (
        LISTED.format(losses="losses", targets="[y, np.ones(64)]"),
        "Expected keys ['dense', 'dense_1'] in loss dict",
    ),
    (
        "two.compile('adam', losses, metrics={'area': 'mae'})\n"
        "two.fit(data, labels, verbose=0)",
        "Invalid `metrics`.",
    ),
    (
        "loss = 'sparse_categorical_crossentropy'\n"
        "model.compile('adam', loss, metrics={'kind': ['accuracy']})\n"
        "scores = model.evaluate(data, y, verbose=0, return_dict=True)\n"
        "assert list(scores) == ['accuracy', 'loss']",
        "",
    ),
    # A text layer that has seen no words
    (
        "bins = keras.layers.Discretization(num_bins=3)(numbers_in)\n"
        "bins = keras.Model([numbers_in], bins)\n"
        "bins.predict({'numbers': numbers}, verbose=0)",
        "You need to either pass the `bin_boundaries` argument at "
        "construction time or call `adapt(dataset)`",
    ),
    # An input left out of the model
    (
        "own = keras.Input((2,), name='own')\n"
        "both = keras.layers.Concatenate()([flat, own])\n"
        "keras.Model([image_in, numbers_in], both)",
        "Output with path `` is not connected to `inputs`",
    ),
    # An optimizer that trained another model
    (
        "keras.Model(model.inputs, model.outputs).fit(data, y, verbose=0)",
        "You must call `compile()` before using the model.",
    ),
    # One key too many
    (
        CHANGE.format(inputs="[paid, price]")
        + "row['order'] = row['price'] + 2\n"
        "check(change, row)",
        "ContractWarning",
    ),
    # Inputs in the wrong order
    (
        CHANGE.format(inputs='{"paid": paid, "price": price}')
        + "from collections import OrderedDict\n"
        "turned = {name: row[name] for name in ('price', 'paid')}\n"
        "assert change.predict(turned, verbose=0) == 97\n"
        "change = keras.Model(change.input, change.output)\n"
        "turned = OrderedDict(turned)\n"
        "assert change.predict(turned, verbose=0) == -97",
        "",
    ),
    (
        CHANGE.format(inputs="[paid, price]")
        + "from collections import namedtuple\n"
        "turned = namedtuple('Row', ['price', 'paid'])(**row)\n"
        "assert change.predict(turned, verbose=0) == -97",
        "UserWarning:",
    ),
    # A width of 1 that fits any other
    (
        CHANGE.format(inputs="[paid, price]")
        + "row = {name: np.repeat(v[0], 4) for name, v in row.items()}\n"
        "assert (change.predict(row, verbose=0) == 97).all()\n"
        "check(change, row)",
        "Add the last axis: values[..., None].",
    ),
    # A list for outputs that have names
    (
        "parcel = {'weight': size, 'days': size}\n"
        "parcels = keras.Model([image_in, numbers_in], parcel)\n"
        "losses = {'weight': 'mse', 'days': 'mae'}\n"
        "right = np.full((64, 1), 3.0), np.ones((64, 1))\n"
        "parcels.compile('adam', losses)\n"
        "assert parcels.evaluate(data, right, verbose=0)[0] == 1 + 3\n"
        "right = dict(zip(losses, right))\n"
        "parcels.compile('adam', losses, loss_weights=[2, 1])\n"
        "assert parcels.evaluate(data, right, verbose=0)[0] == 9 + 2",
        "",
    ),
    # Sample weights that go to the time steps
    (
        "steps = keras.Input((5, 1), name='steps')\n"
        "series = keras.Model([steps], steps * 1)\n"
        "series.compile('adam', 'mse')\n"
        "six = np.ones((6, 5, 1))\n"
        "weights = np.ones(6)\n"
        "series.evaluate(six, six, sample_weight=weights, verbose=0)",
        "Incompatible shapes",
    ),
    # Targets stretched to another shape
    (
        "def apart(wanted, given):\n"
        "    tables.append((wanted - given).shape)\n"
        "    return keras.ops.mean((wanted - given) ** 2)\n"
        "class Apart(keras.losses.Loss):\n"
        "    def call(self, wanted, given):\n"
        "        return apart(wanted, given)\n"
        "one = keras.layers.Dense(1)(numbers_in)\n"
        "one = keras.Model([numbers_in], one)\n"
        "for loss, side in (Apart(), 64), (apart, 1):\n"
        "    tables = []\n"
        "    one.compile('adam', loss, run_eagerly=True)\n"
        "    one.fit(numbers, y, batch_size=64, verbose=0)\n"
        "    assert tables[0] in [(64, side), (64,)[:side]], tables\n"
        "tables = []\n"
        "one.compile('adam', Apart(), run_eagerly=True)\n"
        "one.fit(numbers, y[:, None], batch_size=64, verbose=0)\n"
        "assert tables[0] == (64, 1)",
        "",
    ),
    # A last layer without softmax, of one answer
    (
        "alone = keras.layers.Dense(1, 'softmax')(numbers_in)\n"
        "alone = keras.Model([numbers_in], alone)\n"
        "assert np.allclose(alone.predict(numbers, verbose=0), 1)",
        "This axis has size 1",
    ),
    # A loss with one value for the whole batch
    (
        "def share(wanted, given):\n"
        "    return 1 - keras.ops.mean(wanted * given)\n"
        "flat_in = keras.layers.Reshape(())(numbers_in[:, :1])\n"
        "flat = keras.Model([numbers_in], flat_in)\n"
        "column = keras.layers.Reshape((1,))(flat_in)\n"
        "column = keras.Model([numbers_in], column)\n"
        "def weighed(model, loss):\n"
        "    model.compile('adam', loss)\n"
        "    half = np.arange(64) >= 32\n"
        "    losses = [\n"
        "        model.evaluate(numbers / 128, half, sample_weight=w,\n"
        "                       batch_size=64, verbose=0)\n"
        "        for w in (half * 1.0, 1.0 - half)\n"
        "    ]\n"
        "    return not np.isclose(*losses)\n"
        "for loss in share, keras.losses.Tversky():\n"
        "    assert not weighed(column, loss)\n"
        "assert weighed(column, keras.losses.Tversky(axis=(1,)))\n"
        "for loss in 'mse', 'mae', 'bce':\n"
        "    assert weighed(column, loss)\n"
        "    assert not weighed(flat, loss)",
        "",
    ),
    # Labels that are not 0 or 1
    (
        "given = [[0.1]]\n"
        "loss = keras.losses.binary_crossentropy\n"
        "assert loss([[-1.0]], given)[0] < 0",
        "",
    ),
    # A last layer without softmax
    (
        "sure = keras.layers.Softmax()(50 * numbers_in)\n"
        "moved = keras.layers.Reshape((2,))(sure)\n"
        "loss = keras.losses.SparseCategoricalCrossentropy(True)\n"
        "losses = []\n"
        "for shares in sure, moved:\n"
        "    shared = keras.Model([numbers_in], shares)\n"
        "    shared.compile('adam', loss)\n"
        "    right = shared.evaluate(numbers, 0 * y + 1, verbose=0)\n"
        "    losses.append(right)\n"
        "assert losses[0] < 0.01 < 0.3 < losses[1]",
        "produced by a Softmax activation and thus does not represent "
        "logits",
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
    # One NaN in the data
    (
        "masked = np.ma.masked_greater(np.array([[1, 999.0]] * 64), 100)\n"
        "repeat = keras.Model([numbers_in], numbers_in)\n"
        "fed = repeat.predict({'numbers': masked}, verbose=0)\n"
        "assert (fed == [1, 999]).all()",
        "",
    ),
    # Fractions that become whole numbers
    (
        "def batches():\n"
        "    while True:\n"
        "        yield ({'numbers': numbers}, np.zeros(64, int))\n"
        "        yield ({'numbers': numbers}, np.full(64, 0.9))\n"
        "zero = keras.layers.Dense(1, kernel_initializer='zeros')\n"
        "zero = keras.Model([numbers_in], zero(numbers_in))\n"
        "zero.compile('adam', 'mse')\n"
        "assert zero.evaluate(batches(), steps=2, verbose=0) == 0",
        "",
    ),
    # Ids that an Embedding reads as others
    (
        "ids = keras.Input((), dtype='int32', name='ids')\n"
        "rows = keras.layers.Embedding(4, 2)(ids)\n"
        "lookup = keras.Model([ids], rows)\n"
        "fed = {'ids': np.array([1, 2])}\n"
        "whole = lookup.predict(fed, verbose=0)\n"
        "fed = {'ids': np.array([1.0, 2.0])}\n"
        "assert (lookup.predict(fed, verbose=0) == whole).all()\n"
        "check(lookup, fed)",
        "ContractWarning",
    ),
    # Large numbers that become equal
    (
        "assert np.float32(2**24) == np.float32(2**24 + 1)\n"
        "assert np.spacing(np.float32(1.7e9)) == 128",
        "",
    ),
    # A layer that is frozen too late
    (
        "last.trainable = False\n"
        "two.compile('adam', losses)\n"
        "two.fit(data, labels, verbose=0)\n"
        "last.trainable = True\n"
        "two.fit(data, labels, verbose=0)\n"
        "assert not last.kernel.numpy().any()",
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
        DATASET.format(init="self.options = options", batch="data, y")
        + "model.fit(Batches(), shuffle=False, verbose=0)",
        "Your `PyDataset` class should call `super().__init__(**kwargs)`",
    ),
    (
        DATASET.format(init="super().__init__(**options)", batch="data, y")
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
    assert 1 <= len(lines_of(blocks[1]["code"])) <= 5
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
@pytest.mark.parametrize(("message", "anchor", "_"), INDEX)
def test_the_index_has_the_words_of_the_message(ran, message, anchor, _):
    """As Keras says them: in the first block, or in a claim of the entry.

    The words of readers stand in the entry, or are its heading.
    """
    text = TEXTS[anchor]
    heading = text.split("\n")[0]
    printed = [block["printed"] for block in blocks_under(ran, heading)[:1]]
    for number, (_, said) in enumerate(CLAIMS):
        if said and said in plain(text):
            (block,) = blocks_under(ran, str(number))
            printed.append(block["printed"])

    said = any(message in plain(words) for words in printed)
    read = message in SAID_BY_OTHERS or (
        text in SILENT and message == heading.replace("`", "")
    )
    assert said != read, printed


@pytest.mark.parametrize("heading", ENTRIES)
def test_a_heading_is_the_first_message_of_its_entry(heading):
    """So the search shows the heading, and opens it at its own anchor."""
    anchor = ANCHORS[heading]
    messages = [m for m, entry, _ in INDEX if entry == anchor]
    numbers = [int(n) for _, entry, n in INDEX if entry == anchor]

    silent = TEXTS[anchor] in SILENT
    words = (
        heading.replace("`", "") if silent else heading.strip("`").strip()
    )
    assert words.replace("`", "") == messages[0].replace("`", "")
    assert numbers == list(range(1, len(messages) + 1))


def test_the_entries_stand_in_families():
    entries = {
        name: len(re.findall(r"^\(trouble-[\w-]+\)=$", text, re.MULTILINE))
        for name, text in PAGES.items()
    }
    assert entries == {
        "troubleshooting": 1,  # the setup
        "troubleshooting-data": 11,
        "troubleshooting-shapes": 9,
        "troubleshooting-losses": 5,
        "troubleshooting-saving": 3,
        "troubleshooting-training": 5,
        "troubleshooting-silent": 20,
        "troubleshooting-keras-2": 1,
    }
    assert len(ENTRIES) == 53
    assert len(set(INDEX)) == len({m for m, *_ in INDEX}) >= 110


def test_the_front_page_links_every_family_and_the_index():
    linked = re.findall(
        r"\| \[.+\]\((troubleshooting-[\w-]+)\) \|$", FRONT, re.MULTILINE
    )

    assert linked == list(PAGES)[1:]
    assert "{ref}`index <genindex>`" in FRONT
    common = FRONT.split("## The commonest five")[1].split("\n## ")[0]
    assert common.count("](trouble-") == 5


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


#: What check says of an entry, in the words of the page.
SAID_BY_CHECK = {
    heading: plain(said[1])
    for heading, content in ENTRIES.items()
    if (
        said := re.search(
            r"^```text\n(Contract(?:Error|Warning): (?s:.*?))^```$",
            content,
            re.MULTILINE,
        )
    )
}


@pytest.mark.parametrize("heading", SAID_BY_CHECK)
def test_what_check_says_names_its_entry(heading):
    """Page and anchor, from words that only this problem has."""
    anchor = ANCHORS[heading]
    page = next(n for n, text in PAGES.items() if f"({anchor})=" in text)
    said = SAID_BY_CHECK[heading].split(": ", 1)[1]

    assert entry_of(said) == f"{page}.html#{anchor}"


def test_every_entry_that_check_names_is_one_of_these():
    named = {
        f"trouble-{name}" for names in _WORDS.values() for name in names
    }

    assert named == {ANCHORS[heading] for heading in SAID_BY_CHECK}


def small_model():
    number = keras.Input((2,), name="number")
    return keras.Model([number], keras.layers.Dense(1)(number))


def test_an_error_of_check_ends_with_its_entries():
    with pytest.raises(ContractError) as caught:
        check(small_model(), {"nummer": np.ones((4, 2))})

    assert caught.value.__notes__ == [
        "See troubleshooting-shapes.html#trouble-missing in the book."
    ]


def test_a_report_of_warnings_ends_with_its_entries():
    model = small_model()
    model.compile("adam", "mse")
    with pytest.warns(ContractWarning):
        report = check(
            model, tf.data.Dataset.from_tensors({"number": np.ones((4, 2))})
        )

    line = "See troubleshooting-data.html#trouble-no-targets in the book."
    assert repr(report).endswith(f"\n{line}")
    assert report._repr_html_().endswith(f"<p>{line}</p></div>")


def test_a_report_without_faults_ends_with_its_table():
    report = check(small_model(), {"number": np.ones((4, 2))})

    assert report.more == []
    assert "<p>" not in report._repr_html_()


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


@pytest.mark.slow
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
