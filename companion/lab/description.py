"""Models in words, for those who cannot see their pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import keras

from companion.lab.outline import Box, from_top, outline_of


def describe_model(model: keras.Model) -> str:
    """A model in words: what goes in, through which layers, and comes out.

    The text depends on the model alone, not on what else was built: names
    that Keras makes up, as ``dense_17``, are left out. Taught in the
    chapter *Several inputs*.

    Args:
        model: A model made of layers that are called on inputs.

    Returns:
        Sentences about the inputs with their branches, then what meets.

    Raises:
        ContractError: If the model has no such graph.

    Example:
        >>> a, b = (keras.Input((2,), name=name) for name in "ab")
        >>> both = keras.layers.Add()([keras.layers.Dense(2)(a), b])
        >>> describe_model(keras.Model([a, b], both)).split(". ")[1:]
        ['Input a (2); Dense 2', 'Input b (2)', 'Add joins a and b; ...']
    """
    boxes = outline_of(model)
    kinds = Counter(box.kind for box in boxes)
    ends = [
        f"{kinds[end]} {end}{'s' * (kinds[end] > 1)}"
        for end in ("input", "output")
    ]
    sentences = [f"A model with {_listed(ends)}", *_sentences(boxes)]
    return ". ".join(sentences) + "."


def _sentences(boxes: Sequence[Box]) -> list[str]:
    """One for each branch: those of the inputs, then the others."""
    known, above = _known(boxes), _above(boxes)
    branches = Counter(b.mains[0] for b in boxes if len(b.mains) == 1)
    told: dict[int, list[str]] = {}  # box to the sentence that tells of it
    starts = []
    for number, box in enumerate(boxes):
        others = {
            source: _from_side(
                boxes[source], known[source], source in above[number]
            )
            for source, _ in box.sides
        }
        words = list(_words_of(box, [known[n] for n in box.mains], others))
        main = box.mains[0] if len(box.mains) == 1 else None
        if main is not None and branches[main] == 1:
            told[main] += words
            told[number] = told[main]
            continue
        if main is not None:
            words[0] = f"From {known[main]}: {words[0]}"
        told[number] = words
        starts.append(number)
    starts.sort(key=lambda number: len(boxes[number].mains) > 0)
    return ["; ".join(told[number]) for number in starts]


def _known(boxes: Sequence[Box]) -> list[str]:
    """The inputs that each box knows of, in words."""
    names: list[dict[str, None]] = [{} for _ in boxes]
    for number in from_top(boxes):
        box = boxes[number]
        if box.kind == "input":
            names[number][box.steps[0].title] = None
        for source in box.sources:
            names[number] |= names[source]
    return [" with ".join(each) for each in names]


def _above(boxes: Sequence[Box]) -> list[set[int]]:
    """The boxes that each box stands below."""
    found: list[set[int]] = [set() for _ in boxes]
    for number in from_top(boxes):
        for main in boxes[number].mains:
            found[number] |= {main} | found[main]
    return found


def _words_of(
    box: Box, meeting: Sequence[str], others: Mapping[int, str]
) -> Iterator[str]:
    """The steps of a box, each with what it reads from elsewhere."""
    if box.kind in ("input", "output"):
        (step,) = box.steps
        start = "Input" if box.kind == "input" else "output"
        name = f" {step.title}" * (step.title != box.kind)
        yield f"{start}{name} ({', '.join([step.shape, *step.notes])})"
        return
    for line, step in enumerate(box.steps):
        notes = step.notes + ["shared weights"] * step.shared
        words = step.title + f" ({', '.join(notes)})" * bool(notes)
        if line == 0 and len(meeting) > 1:
            names = list(dict.fromkeys(meeting))
            several = "branches of " * (len(names) < len(meeting))
            words += f" joins {several}{_listed(names)}"
        for source, place in box.sides:
            if place == line:
                words += f" with {others[source]}"
        yield words


def _from_side(source: Box, known: str, is_above: bool) -> str:
    """What comes from the side: another branch, or a skip."""
    skipped = is_above and source.kind != "input"
    return f"{'an earlier result' if skipped else known} ({source.shape})"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
