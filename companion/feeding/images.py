"""Images: kept as bytes, fed as numbers from 0 to 1, and augmented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from companion.errors import DataError, Problem, place
from companion.feeding.columns import ArrayColumn
from companion.feeding.transforms import ROLES, Batch
from companion.rules import Fault, count_problem, unmasked
from companion.values import as_array, describe

#: Rows that tell between which bounds floats lie.
_LOOKED_AT = 100
_RESIZE = (
    "Bring them to one size first: image.resize((width, height)) of Pillow,"
    " or keras.ops.image.resize(image, (height, width))."
)


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Bytes from 0 to 255 as float32 from 0 to 1.

    Example:
        >>> scaled(np.array([0, 255], "uint8")).tolist()
        [0.0, 1.0]
    """
    return pixels / np.float32(255)


class Pixels:
    """Images that are kept as bytes, and fed as numbers from 0 to 1.

    At rest they take a quarter of the memory of float32; each batch is
    divided by 255 on its way.

    The plain way of Keras is a layer in the model,
    ``keras.layers.Rescaling(1 / 255)``, fed the bytes as they are. It is
    the better one where the model is served, since the model then takes
    images as they come. Use one of the two, never both.

    Taught in the chapter *Captions*.

    Args:
        images: uint8 ``(samples, height, width, channels)``, in memory or
            memory-mapped.

    Raises:
        DataError: If the images are not bytes, have no axis of channels,
            or are of different sizes.

    Example:
        >>> images = np.full((3, 8, 8, 1), 255, "uint8")
        >>> batch = Pixels(images).take(np.array([2, 0]))
        >>> batch.shape, batch.dtype, float(batch.max())
        ((2, 8, 8, 1), dtype('float32'), 1.0)
    """

    def __init__(self, images: np.ndarray) -> None:
        values = images
        if not isinstance(images, np.ndarray):
            values = as_array(images)
        fault = unmasked(values) or _pixels_fault(images, values)
        DataError.raise_if(fault and fault.at("Pixels"))
        self._column = ArrayColumn(values)

    def __len__(self) -> int:
        return len(self._column)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Returns these images, float32 from 0 to 1."""
        return scaled(self._column.take(rows))

    def __repr__(self) -> str:
        return f"Pixels({describe(self._column.values)})"


def _pixels_fault(given: Any, images: np.ndarray) -> Fault | None:
    """What is no array of bytes, one image per sample."""
    expected = "uint8 (samples, height, width, channels)"
    received = describe(images)
    if images.ndim == 0 or images.dtype.kind == "O":
        received, fix = _sizes(given), _RESIZE
    elif images.dtype != np.uint8:
        fix = _bytes_of(images)
    elif images.ndim == 3:
        fix = "Add the axis of channels: images[..., None]."
    elif images.ndim != 4:
        fix = "Give one image per sample: images[None] for a single one."
    else:
        return None
    return Fault(expected, received, fix)


def _bytes_of(images: np.ndarray) -> str:
    """What to do with images of another type."""
    if images.dtype.kind == "b":
        return 'Feed images.astype("float32") as it is.'
    if images.dtype.kind != "f":
        return 'If they lie between 0 and 255: images.astype("uint8").'
    if np.abs(images[:_LOOKED_AT]).max(initial=0) <= 1:
        return "Feed them as they are: floats up to 1 need no scaling."
    return 'Divide them, images / 255, or keep images.astype("uint8").'


def _sizes(images: Any) -> str:
    """Two images of different sizes, each with its row."""
    if not hasattr(images, "__len__") or not len(images):
        return describe(images)
    shapes = [tuple(as_array(image).shape) for image in images]
    for row, shape in enumerate(shapes):
        if shape != shapes[0]:
            return f"{shapes[0]} in row 0, {shape} in row {row}"
    return describe(images)


@dataclass(frozen=True)
class PairedAugmentation:
    """A transform that changes all images of a sample in the same way.

    Half of the samples are mirrored, left to right, and each is moved by
    up to so many pixels up or down and to either side. So an image stays
    pixel on pixel with its mask, or with the image it was edited into.
    Samples differ from each other, and from epoch to epoch.

    The layers ``RandomFlip`` and ``RandomTranslation`` of Keras change one
    image alone. Pass ``flip=False`` where left and right have a meaning:
    for letters, or a text that says *left*.

    Taught in the chapter *Image and text*.

    Args:
        inputs: Names of the inputs that belong together.
        targets: Names of the targets that do, or True for a target without
            a name.
        flip: Whether half of the samples are mirrored.
        shift: By how many pixels a sample is moved at most.
        fill: What comes in where an image was moved away.

    Raises:
        DataError: If a setting is of the wrong kind; in a batch, if there
            is no input or target of a name, or these are no images of one
            size, larger than ``shift``.

    Example:
        >>> from companion import MultiInputGenerator
        >>> images = np.arange(4.0).reshape(1, 1, 4, 1)
        >>> batches = MultiInputGenerator(
        ...     {"image": images},
        ...     targets=images,
        ...     transforms=[PairedAugmentation(targets=True)],
        ...     seed=1,
        ... )
        >>> inputs, target = batches[0]
        >>> inputs["image"].ravel().tolist()
        [3.0, 2.0, 1.0, 0.0]
        >>> np.array_equal(inputs["image"], target)
        True
    """

    inputs: tuple[str, ...] = ("image",)
    targets: bool | tuple[str, ...] = ()
    flip: bool = True
    shift: int = 0
    fill: float = 0.0

    def __post_init__(self) -> None:
        of = type(self).__name__
        fix = "Give the number of pixels, for example shift=2."
        problems = [count_problem("shift", self.shift, 0, fix, of=of)]
        for setting in ("inputs", "targets"):
            if isinstance(name := getattr(self, setting), str):
                fix = f"Write {setting}=({name!r},), also for one."
                expected, received = "names in a tuple", "str"
                where = f"{of}, {setting}"
                problems.append(Problem(where, expected, received, fix))
        DataError.raise_if(*problems)

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """The batch with its paired images changed.

        Args:
            batch: ``(inputs[, targets[, weights]])``, with images
                ``(batch, height, width)`` or ``(..., channels)``.
            rng: Where all chance comes from.
        """
        images = dict(self._paired(batch))
        if not images:
            return batch
        DataError.raise_if(*self._image_problems(images))
        first, *_ = images.values()
        source, outside = self._moves(first.shape[:3], rng)
        parts = [{**p} if isinstance(p, Mapping) else p for p in batch]
        for (part, name), values in images.items():
            pixels = values.reshape(-1, *values.shape[3:])
            moved = pixels.take(source, 0)
            moved[outside] = self.fill
            if name:
                parts[part][name] = moved
            else:
                parts[part] = moved
        return tuple(parts)

    def _paired(self, batch: Batch) -> Iterator[tuple[_Place, Any]]:
        """The images that belong together, each with its place."""
        targets = ("",) if self.targets is True else self.targets or ()
        places = [(0, name) for name in self.inputs]
        for part, name in [*places, *((1, name) for name in targets)]:
            given = batch[part] if part < len(batch) else {}
            named = given if isinstance(given, Mapping) else {"": given}
            if name not in named:
                known = ", ".join(named) or "True, for one without a name"
                raise DataError.of(
                    _place(part, name),
                    f"one of the {ROLES[part]}s: {known}",
                    "nothing under this name",
                    f"Name it in {ROLES[part]}s=(...).",
                )
            yield (part, name), named[name]

    def _image_problems(
        self, images: Mapping[_Place, Any]
    ) -> Iterator[Problem]:
        """What is no image, or not of the size of the others."""
        (first, size), *_ = ((at, x.shape[1:3]) for at, x in images.items())
        for at, values in images.items():
            expected, fix = "", "Pair images of one size."
            if len(values.shape) not in (3, 4):
                expected = "images (batch, height, width, channels)"
                fix = "Leave out what is no image."
            elif values.shape[1:3] != size:
                expected = f"images of {size}, as in {_place(*first)}"
            elif self.shift >= min(size):
                expected = f"images larger than shift={self.shift}"
                fix = "Choose a smaller shift: nothing would be left."
            elif not self._fills(values.dtype):
                expected = f"a type that holds fill={self.fill}"
                fix = "Choose a fill of this type."
            if expected:
                yield Problem(_place(*at), expected, describe(values), fix)

    def _fills(self, dtype: np.dtype) -> bool:
        """Whether a type holds the fill; floats round it."""
        with np.errstate(invalid="ignore"):
            held = np.array(self.fill).astype(dtype)
        return dtype.kind == "f" or bool(held == self.fill)

    def _moves(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which pixel comes to each place, and where there is none."""
        samples, height, width = shape
        mirrored = rng.random((samples, 1)) < 0.5 * self.flip
        moved = rng.integers(-self.shift, self.shift + 1, (2, samples, 1))
        rows = np.arange(height) - moved[0]
        columns = np.arange(width) - moved[1]
        columns = np.where(mirrored, width - 1 - columns, columns)
        rows, columns = rows[:, :, None], columns[:, None]
        within = (0 <= rows) & (rows < height)
        within = within & (0 <= columns) & (columns < width)
        first = height * np.arange(samples)[:, None, None]
        source = (first + rows) * width + columns
        return np.where(within, source, 0), ~within


_Place = tuple[int, str]


def _place(part: int, name: str) -> str:
    return place(ROLES[part], name)
