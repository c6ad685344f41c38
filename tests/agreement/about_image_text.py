"""What is fed to models that read images and texts."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from judge import Given, fails, runs, silent
from models import ONES, N
from PIL import Image

from companion import (
    FileColumn,
    MultiInputGenerator,
    PaddedText,
    PairedAugmentation,
    Pixels,
)

layers = keras.layers
IMAGES = np.tile(
    np.arange(0, 256, 4, "uint8").reshape(1, 8, 8, 1), (N, 1, 1, 3)
)
SCALED = (IMAGES / 255).astype("float32")
TOKENS = [[n % 5 + 1] * (n % 3 + 1) for n in range(N)]
TEXT = PaddedText(TOKENS, 4).take(np.arange(N))
#: A text without any word.
BLANK = np.where(np.arange(N)[:, None] == 3, 0, TEXT)


def lists(rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def captioned(pool=None, tokens=6, channels=3, length=4, table=None):
    """An image and a text, joined, and one number as the answer."""
    image = keras.Input((8, 8, channels), name="image")
    text = keras.Input((length,), dtype="int32", name="text")
    seen = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(image))
    table = table or layers.Embedding(tokens, 2, mask_zero=True)
    read = (pool or layers.LSTM(2))(table(text))
    joined = layers.Concatenate()([seen, read])
    model = keras.Model([image, text], layers.Dense(1)(joined))
    model.compile("adam", "mse")  # sgd would not stand 0 to 255
    return model


def painter(loss, activation="sigmoid"):
    """An image and a text to an image."""
    image = keras.Input((8, 8, 3), name="image")
    text = keras.Input((4,), dtype="int32", name="text")
    read = layers.LSTM(3)(layers.Embedding(6, 2, mask_zero=True)(text))
    both = layers.Add()(
        [layers.Conv2D(3, 1)(image), layers.Reshape((1, 1, 3))(read)]
    )
    model = keras.Model(
        [image, text], layers.Conv2D(3, 1, activation=activation)(both)
    )
    model.compile("sgd", loss)
    return model


def given(image=SCALED, text=TEXT, targets=ONES, model=None):
    model = model or captioned()
    return Given(model, {"image": image, "text": text}, targets)


def in_batches(image=SCALED, text=TEXT, targets=ONES, model=None, **more):
    batches = MultiInputGenerator(
        {"image": image, "text": text}, targets, batch_size=2, **more
    )
    return Given(model or captioned(), batches, fit={"shuffle": False})


# Texts


@runs
def padded_texts():
    return in_batches(text=PaddedText(TOKENS, 4, num_tokens=6))


@fails
def texts_of_several_lengths():
    return given(text=lists(TOKENS))


@fails
def texts_of_one_length_as_objects():
    return given(text=lists([[1, 2, 3, 4]] * N))


@fails
def texts_padded_to_another_length():
    return in_batches(text=PaddedText(TOKENS, 5))


@fails
def padded_texts_beyond_the_table():
    """In the last row alone."""
    text = PaddedText([*TOKENS[:-1], [6]], 4)
    return in_batches(text=text)


def read_from_the_end():
    """Whether id -1 is read as the last of the table."""
    model = captioned()
    below = model.predict(
        {"image": SCALED, "text": TEXT * 0 - 1}, verbose=0
    )
    last = model.predict({"image": SCALED, "text": TEXT * 0 + 5}, verbose=0)
    return np.array_equal(below, last)


@silent(read_from_the_end)
def texts_with_an_id_below_0():
    return given(text=TEXT - 1)


@fails
def words_for_ids():
    return given(text=np.array([["a", "red", "cat", ""]] * N))


@runs
def a_text_of_padding_alone_for_a_recurrent_layer():
    return given(text=BLANK)


# The loss is NaN, which the judge takes for silent.


@silent(lambda: False)
def a_text_of_padding_alone_for_a_mean():
    pool = layers.GlobalAveragePooling1D()
    return given(text=BLANK, model=captioned(pool))


@silent(lambda: False)
def a_text_of_padding_alone_in_the_last_batch():
    pool = layers.GlobalAveragePooling1D()
    return in_batches(text=np.roll(BLANK, 4, 0), model=captioned(pool))


def mean_of_dropped(x):
    x = layers.SpatialDropout1D(0.1)(x)
    return layers.GlobalAveragePooling1D()(x)


@silent(lambda: False)
def a_text_of_padding_alone_after_a_dropout():
    model = captioned(mean_of_dropped)
    return in_batches(text=np.roll(BLANK, 4, 0), model=model)


def mean_of_branch():
    """A model that reads texts, inside another."""
    ids = keras.Input((4,), dtype="int32")
    vectors = layers.Embedding(6, 2, mask_zero=True)(ids)
    pooled = layers.GlobalAveragePooling1D()(vectors)
    branch = keras.Model([ids], pooled)
    return captioned(lambda x: x, table=branch)


@silent(lambda: False)
def a_text_of_padding_alone_in_a_branch():
    text = np.roll(BLANK, 4, 0)
    return in_batches(text=text, model=mean_of_branch())


@runs
def a_text_of_padding_alone_beside_one_that_is_averaged():
    """Both are looked up in one table."""
    title, text = (
        keras.Input((4,), dtype="int32", name=name)
        for name in ("title", "text")
    )
    table = layers.Embedding(6, 2, mask_zero=True)
    read = layers.LSTM(2)(table(title))
    averaged = layers.GlobalAveragePooling1D()(table(text))
    joined = layers.Concatenate()([read, averaged])
    model = keras.Model([title, text], layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    return Given(model, {"title": BLANK, "text": TEXT}, ONES)


@runs
def a_text_of_padding_alone_for_a_mean_without_mask():
    pool = layers.GlobalAveragePooling1D()
    table = layers.Embedding(6, 2)
    return given(text=BLANK, model=captioned(pool, table=table))


@runs
def a_text_of_padding_alone_for_the_largest():
    return given(text=BLANK, model=captioned(layers.GlobalMaxPooling1D()))


@runs
def a_text_of_padding_alone_for_attention():
    def attend(x):
        x = layers.MultiHeadAttention(1, 2)(x, x)
        return layers.GlobalMaxPooling1D()(x)

    return given(text=BLANK, model=captioned(attend))


@runs
def texts_with_words_for_a_mean():
    return given(model=captioned(layers.GlobalAveragePooling1D()))


# Images


@runs
def images_of_0_to_255():
    return given(image=IMAGES.astype("float32"))


@runs
def images_as_bytes():
    return in_batches(image=IMAGES)


@runs
def images_scaled_in_the_batch():
    return in_batches(image=Pixels(IMAGES))


@runs
def images_as_bytes_that_the_model_scales():
    image = keras.Input((8, 8, 3), name="image")
    scaled = layers.Rescaling(1 / 255)(image)
    seen = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(scaled))
    model = keras.Model([image], layers.Dense(1)(seen))
    model.compile("sgd", "mse")
    return Given(model, {"image": IMAGES}, ONES)


FOLDER = tempfile.TemporaryDirectory()  # goes when the tests end


@runs
def images_in_files():
    paths = [Path(FOLDER.name) / f"{n}.png" for n in range(N)]
    for path, image in zip(paths, IMAGES):
        Image.fromarray(image).save(path)
    return in_batches(image=FileColumn.image(paths, (8, 8, 3)))


@fails
def a_damaged_image_in_the_first_batch():
    path = Path(FOLDER.name) / "damaged.png"
    Image.fromarray(IMAGES[0]).save(path)
    column = FileColumn.image([path] * N, (8, 8, 3))
    path.write_bytes(b"no image")
    return in_batches(image=column)


@fails
def grey_images_for_colours():
    return given(image=SCALED[..., :1])


@fails
def colours_for_grey_images():
    return given(model=captioned(channels=1))


@fails
def images_with_channels_first():
    return given(image=np.moveaxis(SCALED, -1, 1))


@fails
def images_of_several_sizes():
    return given(image=lists([SCALED[0], *[SCALED[0][:6]] * (N - 1)]))


# Images as targets


def far_off(loss, activation="sigmoid"):
    """Whether answers cannot come near most of the targets."""
    model = painter(loss, activation)
    data = {"image": SCALED, "text": TEXT}
    model.fit(data, IMAGES, verbose=0)
    return model.predict(data, verbose=0).max() <= 1 < np.median(IMAGES)


@runs
def scaled_images_for_a_sigmoid():
    return given(targets=SCALED, model=painter("mse"))


@runs
def pixels_for_a_sigmoid():
    return in_batches(targets=Pixels(IMAGES), model=painter("mse"))


@runs
def paired_images_for_a_sigmoid():
    change = PairedAugmentation(targets=True, shift=1)
    return in_batches(
        image=Pixels(IMAGES),
        targets=Pixels(IMAGES),
        model=painter("mse"),
        transforms=[change],
        seed=0,
    )


@silent(lambda: far_off("binary_crossentropy"))
def images_of_0_to_255_for_a_crossentropy():
    model = painter("binary_crossentropy")
    return given(targets=IMAGES, model=model)


@silent(lambda: far_off("mse"))
def images_of_0_to_255_for_a_sigmoid():
    return given(targets=IMAGES.astype("float32"), model=painter("mse"))


@silent(lambda: far_off("mae", "tanh"))
def images_as_bytes_for_a_tanh():
    return given(targets=IMAGES, model=painter("mae", "tanh"))


@runs
def images_of_0_to_255_for_no_activation():
    return given(targets=IMAGES, model=painter("mae", None))
