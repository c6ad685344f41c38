"""Where the book says more about a problem: the troubleshooting pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from companion.errors import Problem

#: Page, then entry, then words that only its problem has; the first that
#: fit hold. A test holds pages, entries and words to the book.
_WORDS = {
    "data": {
        "dtype": r"If these are numbers: values\.astype",
        "not-arrays": r"Convert it first: np\.asarray",
        "zip": "Pass the function that makes it",
        "flat-batch": "Only the first array would be an input",
        "list": "TensorFlow takes a list for one tensor",
        "no-targets": "expected targets for the loss",
        "differ": "Give every batch the same names",
        "length": "expected a whole number of batches",
        "unknown-shape": "expected a data set that knows its axes",
        "ids": "the rows of its Embedding",
        "adapt": "Table not initialized|Adapt the layer before you build",
    },
    "silent": {
        "extra-key": r"expected only the inputs .*Leave it out",
        "width-one": r"\(batch, 1\)\. .*Change the shape of the Input",
        "stretched": "Keras stretches shapes that differ",
        "loss-weights": "hands out others in alphabetical order",
        "lists": "Keras hands out a list in the order",
        "step-weights": "along another axis than that of the samples",
        "mean-weight": "multiplies its one value by the mean",
        "negative-loss": "expected labels from 0 to 1",
        "logits": "Keras takes any number for a share",
        "nan": "without NaN or infinity",
        "masked": "expected an array without a mask",
        "whole-first": "0.9 becomes 0",
        "other-ids": r"Keras would cut 2\.9 to 2",
        "large": "beyond which float32 has gaps",
        "normalization": "a layer that was adapted to training rows",
        "frozen": "what it was when the model was compiled",
    },
    "losses": {
        "weight-names": "sample weight .* nothing under this name",
        "labels": "(Class numbers|One-hot labels) go with",
        "targets": "expected an array for the only output",
        "compile-names": "loss: expected only names of outputs",
    },
    "shapes": {
        "missing": r"nothing under this name|the inputs .*Rename it",
        "cardinality": "Row i of every array must belong to sample i",
        "lengths": "of different lengths from the first batches on",
        "shape": "Change the shape of the Input",
    },
    "training": {
        "ran-out": r"^steps: expected \d+ batches",
        "optimizer": "Unknown variable",
        "no-gradients": "No gradients provided for any variable",
        "stateful": "stateful, the batch size of the input sequences",
    },
}


def entry_of(said: str) -> str | None:
    """The page and the anchor of the entry on a problem, if there is one.

    Args:
        said: The problem, as `check` says it.

    Example:
        >>> entry_of("batch: expected a dict. Received: a list of 2. "
        ...          "TensorFlow takes a list for one tensor.")
        'troubleshooting-data.html#trouble-list'
    """
    for page, entries in _WORDS.items():
        for name, words in entries.items():
            if re.search(words, said):
                return f"troubleshooting-{page}.html#trouble-{name}"
    return None


def more_about(problems: Iterable[Problem]) -> list[str]:
    """A line for each entry of the book on some of these problems."""
    found = dict.fromkeys(entry_of(str(problem)) for problem in problems)
    return [f"See {entry} in the book." for entry in found if entry]
