"""Images as bytes, in files, and changed together."""

import pickle
import sys
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from companion import (
    DataError,
    FileColumn,
    MultiInputGenerator,
    PairedAugmentation,
    Pixels,
)
from companion.feeding.readers import ImageReader

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (5, 6, 4, 3), "uint8")
ROWS = np.array([4, 0, 4])


# Pixels


def test_pixels_leave_as_floats_from_0_to_1():
    column = Pixels(IMAGES)

    taken = column.take(ROWS)

    assert len(column) == 5 and repr(column) == "Pixels(uint8 (5, 6, 4, 3))"
    assert taken.dtype == "float32"
    np.testing.assert_array_equal(
        taken, (IMAGES[ROWS] / 255).astype("float32")
    )
    layer = keras.layers.Rescaling(1 / 255)
    np.testing.assert_allclose(taken, layer(IMAGES[ROWS]), rtol=1e-6)


def test_every_byte_stays_between_0_and_1():
    bytes_ = np.arange(256, dtype="uint8").reshape(1, 16, 16, 1)

    taken = Pixels(bytes_).take(np.array([0])).ravel()

    assert taken[0] == 0 and taken[-1] == 1
    assert (np.diff(taken) > 0).all()
    assert (np.rint(taken * 255) == np.arange(256)).all()


def test_pixels_hold_the_bytes_as_they_are(tmp_path):
    assert Pixels(IMAGES)._column.values is IMAGES
    np.save(tmp_path / "images.npy", IMAGES)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")

    pickled = pickle.dumps(Pixels(mapped))

    assert b"images.npy" in pickled and len(pickled) < 1000
    loaded = pickle.loads(pickled)
    np.testing.assert_array_equal(
        loaded.take(ROWS), Pixels(IMAGES).take(ROWS)
    )


def test_a_list_of_images_of_one_size_is_an_array():
    np.testing.assert_array_equal(
        Pixels(list(IMAGES)).take(ROWS), Pixels(IMAGES).take(ROWS)
    )


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES / 255, "float64 .*Feed them as they are"),
        (1.0 * IMAGES, "float64 .*Divide them, images / 255"),
        (IMAGES.astype("int64"), r'int64 .*images.astype\("uint8"\)'),
        (IMAGES > 9, r'bool .*images.astype\("float32"\)'),
        (IMAGES[..., 0], r"uint8 \(5, 6, 4\). Add .*images\[..., None\]"),
        (IMAGES[0, 0], r"uint8 \(4, 3\). .*images\[None\]"),
        (
            [IMAGES[0], IMAGES[1], IMAGES[2][:5], IMAGES[3][:4]],
            r"\(6, 4, 3\) in row 0, \(5, 4, 3\) in row 2. .*Pillow",
        ),
        ([], r"float64 \(0,\)"),
        (None, "NoneType"),
        (np.ma.masked_less(IMAGES, 9), "without a mask"),
    ],
)
def test_what_is_no_array_of_bytes_is_refused(images, words):
    with pytest.raises(DataError, match=f"Pixels: expected .*{words}"):
        Pixels(images)


def test_the_cures_of_the_messages_work():
    small = IMAGES[2][:5]
    by_pillow = np.asarray(Image.fromarray(small).resize((4, 6)))
    by_keras = np.asarray(keras.ops.image.resize(small, (6, 4)), "uint8")

    for resized in (by_pillow, by_keras):
        assert len(Pixels([IMAGES[0], resized])) == 2
    assert len(Pixels(IMAGES[..., 0][..., None])) == 5


# Images in files


@pytest.fixture
def saved(tmp_path):
    """Writes an image to a file, and tells where."""

    def save(image, name="image.png", **options):
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def test_files_are_read_as_the_arrays_they_were_made_from(saved):
    paths = [saved(image, f"{n}.png") for n, image in enumerate(IMAGES)]

    column = FileColumn.image(paths, (6, 4, 3))

    assert repr(column) == "FileColumn(5 files, float32 (6, 4, 3))"
    expected = Pixels(IMAGES).take(ROWS)
    np.testing.assert_array_equal(column.take(ROWS), expected)
    again = pickle.loads(pickle.dumps(column))
    np.testing.assert_array_equal(again.take(ROWS), expected)


def test_jpegs_are_read_nearly_as_they_were(saved):
    smooth = np.full((6, 4, 3), 100, "uint8")
    path = saved(smooth, "IMAGE.JPG", quality=95)

    taken = FileColumn.image([str(path)], (6, 4, 3)).take(np.array([0]))

    np.testing.assert_allclose(taken, 100 / 255, atol=0.02)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_mode_come_with_the_channels_asked_for(
    saved, mode, channels
):
    white = Image.new("RGB", (4, 6), "white").convert(mode)
    path = saved(white, "x.jpg" if mode == "CMYK" else "x.png")

    image = ImageReader((6, 4, channels))(path)

    assert image.shape == (6, 4, channels) and image.dtype == "float32"
    assert image.min() > 0.98


def test_colours_become_grey_and_grey_becomes_colour(saved):
    red = saved(Image.new("RGB", (2, 2), "red"), "red.png")
    grey = saved(Image.new("L", (2, 2), 51), "grey.png")

    assert ImageReader((2, 2, 1))(red).max() == pytest.approx(0.3, abs=0.01)
    assert ImageReader((2, 2, 3))(red)[0, 0].tolist() == [1, 0, 0]
    assert np.ptp(ImageReader((2, 2, 3))(grey)) == 0


def test_a_palette_with_transparent_colours_is_read(saved):
    image = Image.new("P", (4, 6), 0)
    image.putpalette([10, 20, 30])
    path = saved(image, transparency=b"\x00")

    assert ImageReader((6, 4, 3))(path)[0, 0] * 255 == pytest.approx(
        [10, 20, 30]
    )


def test_an_image_is_turned_as_the_camera_was_held(saved):
    upright = IMAGES[0]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    path = saved(np.rot90(upright), exif=exif)

    np.testing.assert_array_equal(
        ImageReader((6, 4, 3))(path), (upright / 255).astype("float32")
    )


def test_another_size_is_refused_or_resized(saved):
    paths = [saved(IMAGES[0], "a.png"), saved(IMAGES[1][:3], "b.png")]
    batches = MultiInputGenerator(
        {"image": FileColumn.image(paths, (6, 4, 3))}
    )

    with pytest.raises(DataError) as caught:
        batches[0]
    (problem,) = caught.value.problems
    assert problem.where == f'input "image", batch 0 of epoch 0, {paths[1]}'
    assert problem.expected == "an image 6 pixels high and 4 wide"
    assert problem.received == "3 high and 4 wide"
    assert "resize=True" in problem.fix

    resized = FileColumn.image(paths, (6, 4, 3), resize=True).take(
        np.array([0, 1])
    )
    assert resized.shape == (2, 6, 4, 3)
    np.testing.assert_array_equal(
        resized[0], ImageReader((6, 4, 3))(paths[0])
    )
    assert resized[1].mean() == pytest.approx(
        IMAGES[1][:3].mean() / 255, 0.1
    )


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def emptied(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("no image")


def gone(path):
    path.unlink()


@pytest.mark.parametrize("name", ["broken.png", "broken.jpg"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "truncated|broken"),
        (emptied, "UnidentifiedImageError"),
        (text, "UnidentifiedImageError: cannot identify"),
        (gone, "FileNotFoundError"),
    ],
)
def test_a_damaged_file_is_told_by_name_and_reason(
    saved, name, damage, reason
):
    noise = RNG.integers(0, 256, (20, 20, 3), "uint8")
    path = saved(noise, name)
    column = FileColumn.image([path], (20, 20, 3))
    damage(path)

    with pytest.raises(DataError, match=f"{name}: expected .*({reason})"):
        column.take(np.array([0]))


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_more_than_8_bits_are_refused(saved, dtype):
    """Pillow would make 255 of every larger number."""
    deep = np.full((6, 4), 300).astype(dtype)
    path = saved(deep, "deep.tiff")

    with pytest.raises(DataError, match="8 bits per channel.*mode [IF]"):
        ImageReader((6, 4, 1))(path)


@pytest.mark.parametrize("filtered", ["ignore", "error"])
@pytest.mark.parametrize("limit", [23, 5])
def test_the_limit_of_pillow_against_bombs_stays_on(
    saved, monkeypatch, limit, filtered
):
    """It warns of the first, and stops at twice as many pixels."""
    path = saved(IMAGES[0])
    assert Image.MAX_IMAGE_PIXELS is not None
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with warnings.catch_warnings():
        warnings.simplefilter(filtered)
        with pytest.raises(DataError, match="image.png: .*24 pixels"):
            ImageReader((6, 4, 3))(path)


@pytest.mark.parametrize(
    ("paths", "shape", "words"),
    [
        ("one.png", (6, 4, 3), "a list of paths. Received: str"),
        ([], (6, 4, 3), "a list of paths. Received: a list of 0"),
        (["a", "b", "c", "d"], (6, 4, 3), "no file a, b, c and 1 more"),
        ([None], (6, 4, 3), "no file None"),
        (["a"], (6, 4), "three numbers.*Received: "),
        (["a"], 6, "three numbers.*Received: 6"),
        (["a"], (6, 4, 2), "the last of them 1 or 3"),
        (["a"], (0, 4, 3), "axis=0"),
    ],
)
def test_what_is_no_list_of_files_is_refused(paths, shape, words):
    with pytest.raises(DataError, match=f"FileColumn.*{words}"):
        FileColumn.image(paths, shape)


def test_without_pillow_it_says_what_to_install(saved, monkeypatch):
    path = saved(IMAGES[0])
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(ImportError, match="pip install pillow"):
        FileColumn.image([path], (6, 4, 3))


# Images that are changed together


def augmented(images, seed=0, batch=None, **settings):
    given = ({"image": images}, images) if batch is None else batch
    settings = {"targets": True} | settings
    change = PairedAugmentation(**settings)
    return change(given, np.random.default_rng(seed))


MANY = RNG.random((200, 7, 5, 2)).astype("float32") + 1


def expected(image, flip, down, right, fill=0.0):
    """The same for one image, pixel by pixel."""
    height, width, _ = image.shape
    moved = np.full_like(image, fill)
    for y in range(height):
        for x in range(width):
            source = image[:, ::-1] if flip else image
            if 0 <= y - down < height and 0 <= x - right < width:
                moved[y, x] = source[y - down, x - right]
    return moved


def test_each_image_is_flipped_and_shifted_by_some_pixels():
    inputs, target = augmented(MANY, shift=2)

    steps = range(-2, 3)
    moves = [(f, y, x) for f in (0, 1) for y in steps for x in steps]
    found = []
    for before, after in zip(MANY, inputs["image"]):
        fitting = [
            move
            for move in moves
            if np.array_equal(after, expected(before, *move))
        ]
        assert len(fitting) == 1
        found += fitting
    assert set(range(-2, 3)) == {y for _, y, _ in found}
    assert set(range(-2, 3)) == {x for _, _, x in found}
    assert 70 < sum(flip for flip, _, _ in found) < 130
    assert len({*found}) > 40
    np.testing.assert_array_equal(target, inputs["image"])


def test_named_inputs_and_targets_move_together():
    mask = MANY[..., 0]
    batch = (
        {"before": MANY, "mask": mask, "text": np.ones((200, 3))},
        {"after": MANY, "class": np.arange(200)},
        np.arange(200),
    )

    inputs, targets, weights = augmented(
        None,
        batch=batch,
        inputs=("before", "mask"),
        targets=("after",),
        shift=1,
    )

    assert not np.array_equal(inputs["before"], MANY)
    np.testing.assert_array_equal(targets["after"], inputs["before"])
    np.testing.assert_array_equal(inputs["mask"], inputs["before"][..., 0])
    assert inputs["text"] is batch[0]["text"]
    assert targets["class"] is batch[1]["class"] and weights is batch[2]
    assert batch[0]["before"] is MANY


@pytest.mark.parametrize("flip", [False, True])
def test_nothing_else_changes_than_was_asked(flip):
    inputs, target = augmented(MANY, flip=flip, targets=False)

    assert target is MANY
    assert np.array_equal(inputs["image"], MANY) is not flip
    assert np.array_equal(np.sort(inputs["image"], 2), np.sort(MANY, 2))


def test_what_comes_in_is_the_fill_and_the_type_stays():
    bright = np.full((50, 4, 4, 1), 200, "uint8")

    inputs, _ = augmented(bright, shift=3, fill=7)

    assert inputs["image"].dtype == "uint8"
    assert set(np.unique(inputs["image"])) == {7, 200}


def test_samples_differ_from_each_other_and_from_epoch_to_epoch():
    same = np.tile(MANY[:1], (64, 1, 1, 1))
    batches = MultiInputGenerator(
        {"image": same},
        same,
        transforms=[PairedAugmentation(targets=True, shift=1)],
        batch_size=64,
        seed=0,
    )

    (first, _), (second, _) = batches.iterate(epochs=2)

    assert len(np.unique(first["image"], axis=0)) > 10
    assert not np.array_equal(first["image"], second["image"])
    assert (
        pickle.loads(pickle.dumps(batches.transforms)) == batches.transforms
    )


@pytest.mark.parametrize(
    ("batch", "settings", "words"),
    [
        (
            ({"photo": MANY},),
            dict(targets=()),
            'input "image": expected one of the inputs: photo. Received: '
            "nothing under this name",
        ),
        (({"image": MANY},), {}, "target: expected one of the targets"),
        (
            ({"image": MANY}, {"mask": MANY}),
            {},
            "target: expected one of the targets: mask",
        ),
        (
            ({"image": MANY}, MANY),
            dict(targets=("mask",)),
            'target "mask": expected one of the targets: True',
        ),
        (
            ({"image": MANY}, np.ones((200, 3))),
            {},
            r"target: expected images .*Received: float64 \(200, 3\)",
        ),
        (
            ({"image": MANY}, MANY[:, 1:]),
            {},
            r'of \(7, 5\), as in input "image".*float32 \(200, 6,',
        ),
        (
            ({"image": MANY}, MANY),
            dict(shift=5),
            "images larger than shift=5",
        ),
        (
            ({"image": MANY > 1}, MANY),
            dict(fill=0.5),
            'input "image": expected a type that holds fill=0.5',
        ),
        (
            ({"image": IMAGES},),
            dict(targets=(), fill=-1.0),
            "a type that holds fill=-1.0. Received: uint8",
        ),
        (({"image": IMAGES},), dict(targets=(), fill=256), "fill=256"),
    ],
)
def test_what_cannot_be_paired_is_told(batch, settings, words):
    with pytest.raises(DataError, match=words):
        augmented(None, batch=batch, **settings)


def test_a_generator_tells_which_transform_it_was():
    batches = MultiInputGenerator(
        {"photo": MANY}, transforms=[PairedAugmentation()], seed=0
    )

    with pytest.raises(DataError) as caught:
        batches[0]
    (problem,) = caught.value.problems
    assert (
        problem.where == 'transform 0 (PairedAugmentation), input "image"'
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(shift=-1), "PairedAugmentation, shift: .*shift=-1"),
        (dict(shift=1.5), "shift=1.5"),
        (dict(inputs="image"), r"inputs: .*inputs=\('image',\)"),
        (dict(targets="mask"), r"targets: .*targets=\('mask',\)"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, words):
    with pytest.raises(DataError, match=words):
        PairedAugmentation(**settings)
