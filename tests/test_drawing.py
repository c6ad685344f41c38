"""Pictures of models, and the same in words."""

import itertools
import re
import time

import keras
import pytest
from keras import layers

from companion import ContractError, FiLM, dense_branch, fuse, image_branch
from companion.lab import drawing
from companion.lab.description import describe_model
from companion.lab.layout import WIDTH, lay_out, width_of
from companion.lab.outline import outline_of


def parcels():
    """An image and numbers meet."""
    image = keras.Input((8, 8, 1), name="image")
    numbers = keras.Input((2,), name="numbers")
    both = fuse([image_branch(image), dense_branch(numbers)])
    band = layers.Dense(6, activation="softmax", name="band")
    return keras.Model([image, numbers], band(both))


def towers():
    """Two inputs through the same layers, and a category."""
    left, right = (keras.Input((9,), name=n) for n in ("left", "right"))
    kind = keras.Input((1,), dtype="int32", name="kind")
    tower = layers.Dense(4, activation="relu")
    far = layers.Subtract()([tower(left), tower(right)])
    vector = layers.Flatten()(layers.Embedding(5, 3)(kind))
    both = layers.Concatenate()([far, vector])
    return keras.Model([left, right, kind], layers.Dense(1)(both))


def editor():
    """An encoder and a decoder with skips; words at every level."""
    image = keras.Input((32, 32, 3), name="image")
    text = keras.Input((12,), dtype="int32", name="instruction")
    words = layers.Embedding(40, 16, mask_zero=True)(text)
    words = layers.GRU(24)(words)

    def level(maps, width):
        maps = layers.Conv2D(width, 3, padding="same")(maps)
        maps = layers.Activation("relu")(FiLM()([maps, words]))
        return layers.Conv2D(width, 3, padding="same")(maps)

    maps, skips = image, []
    for width in (8, 16, 32):
        maps = level(maps, width)
        skips.append(maps)
        maps = layers.MaxPooling2D()(maps)
    maps = level(maps, 64)
    for skip in reversed(skips):
        maps = layers.UpSampling2D()(maps)
        maps = layers.Concatenate()([maps, skip])
        maps = level(maps, skip.shape[-1])
    last = layers.Conv2D(3, 1, activation="sigmoid", name="edited")
    return keras.Model([image, text], last(maps))


def answers():
    """One input, three answers by name."""
    row = keras.Input((20,), name="row")
    hidden = layers.Dense(32, activation="relu")(row)
    named = {n: layers.Dense(k, name=n)(hidden) for n, k in [("a", 6)]}
    named |= {n: layers.Dense(k, name=n)(hidden) for n, k in [("b", 1)]}
    named["c"] = layers.Softmax(name="c")(layers.Dense(3)(hidden))
    return keras.Model(row, named)


def backbone():
    """A model within a model, called twice; attention and residuals."""
    inner = keras.Sequential(
        [keras.Input((16, 16, 3)), layers.Conv2D(8, 3, strides=2)],
        name="backbone",
    )
    one, other = (
        keras.Input((16, 16, 3), name=n) for n in ("one", "other")
    )
    to_steps = layers.Reshape((-1, 8))
    asked, known = to_steps(inner(one)), to_steps(inner(other))
    seen = layers.MultiHeadAttention(2, 4)(asked, known)
    seen = layers.LayerNormalization()(layers.Add()([asked, seen]))
    out = layers.GlobalAveragePooling1D()(seen)
    return keras.Model({"one": one, "other": other}, out)


def tangle():
    """Inputs and results that are read again and again."""
    a, b, c = (keras.Input((8,), name=name) for name in "abc")
    product = layers.Multiply()([a, b])
    first = layers.Concatenate()([a, b, product, c])
    second = layers.Concatenate()([layers.Add()([a, c]), product])
    outputs = [layers.Dense(2, name=n)(x) for n, x in [("x", first)]]
    outputs += [layers.Dense(2, name=n)(x) for n, x in [("y", second)]]
    return keras.Model([a, b, c], outputs)


def sensors():
    inputs = [keras.Input((n + 1,), name=f"sensor_{n}") for n in range(5)]
    parts = [layers.Dense(8, activation="relu")(x) for x in inputs]
    return keras.Model(inputs, layers.Dense(3)(layers.Add()(parts)))


def crowd():
    """Three answers beside another branch."""
    a, b, c = (keras.Input((2,), name=name) for name in "abc")
    both = layers.Concatenate()([a, b])
    other = layers.Dense(4)(layers.Dense(5)(c))
    outputs = [layers.Dense(n, name=f"n{n}")(both) for n in (1, 2, 3)]
    return keras.Model([a, b, c], [*outputs, other])


def plain():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(8), layers.Dropout(0.5)]
    )


MODELS = [
    parcels,
    towers,
    editor,
    answers,
    backbone,
    tangle,
    sensors,
    crowd,
    plain,
]
every_model = pytest.mark.parametrize(
    "make", MODELS, ids=lambda make: make.__name__
)


def titles(box):
    return [step.title for step in box.steps]


def test_branches_go_from_their_inputs_to_where_they_meet():
    boxes = outline_of(parcels())
    (meeting,) = [n for n, box in enumerate(boxes) if box.kind == "merge"]

    assert [titles(boxes[n])[0] for n in boxes[meeting].mains] == [
        "GlobalMaxPooling2D",
        "Dense 32",
    ]
    told = [(box.kind, *titles(box), box.shape) for box in boxes[:3]]
    assert told == [
        ("input", "image", "8×8×1"),
        ("layers", "Conv2D 32, 3×3", "8×8×32"),
        ("layers", "MaxPooling2D 2×2", "4×4×32"),
    ]
    assert boxes[1].steps[0].notes == ["relu"]
    assert (boxes[-1].kind, *titles(boxes[-1])) == ("output", "band")
    assert boxes[-1].shape == "6"


def test_a_shared_layer_has_a_box_for_each_call():
    boxes = outline_of(towers())

    shared = [box for box in boxes if box.steps[0].shared]
    assert [titles(box) for box in shared] == [["Dense 4"]] * 2
    sources = [boxes[box.mains[0]] for box in shared]
    assert [titles(box)[0] for box in sources] == ["left", "right"]
    (small,) = [box for box in boxes if "flatten" in box.steps[0].notes]
    assert titles(small) == ["Embedding 5×3"] and small.shape == "3"
    (kind,) = [box for box in boxes if titles(box) == ["kind"]]
    assert kind.steps[0].notes == ["int32"]


def test_a_long_model_has_a_box_for_each_size_of_its_maps():
    boxes = outline_of(editor())

    assert len(boxes) == 2 + 2 + 7 + 1
    deepest = max(boxes, key=lambda box: len(box.steps))
    assert titles(deepest) == [
        "UpSampling2D 2×2",
        "Concatenate",
        "Conv2D 8, 3×3",
        "FiLM",
        "Conv2D 8, 3×3",
        "Conv2D 3, 1×1",
    ]
    read = {
        deepest.steps[step].title: boxes[number].shape
        for number, step in deepest.sides
    }
    assert read == {"Concatenate": "32×32×8", "FiLM": "24"}


def test_masks_are_not_drawn_unless_an_input_is_one():
    steps = keras.Input((5, 3), name="steps")
    there = keras.Input((5,), dtype="bool", name="there")
    mean = layers.GlobalAveragePooling1D()(steps, mask=there)

    boxes = outline_of(keras.Model([steps, there], mean))

    assert [titles(box)[0] for box in boxes] == [
        "steps",
        "there",
        "GlobalAveragePooling1D",
        "output",
    ]
    assert boxes[2].mains == [0, 1]
    told = [t for box in outline_of(editor()) for t in titles(box)]
    assert "NotEqual" not in told


def test_a_model_within_is_one_box_with_its_name():
    boxes = outline_of(backbone())

    inner = [box for box in boxes if box.kind == "model"]
    assert [titles(box) for box in inner] == [["backbone"]] * 2
    assert inner[0].steps[0].notes == ["a model of 1 layer"]


def test_of_a_model_called_twice_the_right_call_is_the_output():
    x = keras.Input((4,), name="inner")
    inner = keras.Model(x, layers.Dense(2)(x), name="core")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    one, other = inner(a), inner(b)

    boxes = outline_of(keras.Model([a, b], [other, one]))

    ends = [box for box in boxes if box.kind == "output"]
    starts = [boxes[boxes[end.mains[0]].mains[0]] for end in ends]
    assert [titles(box) for box in starts] == [["b"], ["a"]]


@pytest.mark.parametrize(
    ("layer", "title", "notes"),
    [
        (layers.Dense(64), "Dense 64", []),
        (layers.Dense(64, activation="relu"), "Dense 64", ["relu"]),
        (layers.Conv1D(8, 3, strides=2), "Conv1D 8, 3, stride 2", []),
        (layers.MaxPooling1D(2), "MaxPooling1D 2", []),
        (layers.UpSampling1D(2), "UpSampling1D 2", []),
        (layers.LSTM(8), "LSTM 8", []),
        (layers.Bidirectional(layers.GRU(8)), "Bidirectional GRU 8", []),
        (
            layers.TimeDistributed(layers.Dense(3, activation="tanh")),
            "TimeDistributed Dense 3",
            ["tanh"],
        ),
        (layers.Dropout(0.25), "Dropout 0.25", []),
        (layers.Flatten(), "Flatten", []),
        (layers.Normalization(mean=0, variance=1), "Normalization", []),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_box_says_what_a_layer_is(layer, title, notes):
    x = keras.Input((12, 4), name="x")

    (_, box, _) = outline_of(keras.Model(x, layer(x)))

    assert (box.steps[0].title, box.steps[0].notes) == (title, notes)


def test_small_layers_are_in_the_small_print_of_the_one_before():
    x = keras.Input((6, 6, 1), name="x")
    features = layers.Flatten()(layers.Conv2D(8, 3)(x))
    features = layers.Activation("relu")(layers.Dense(4)(features))
    features = layers.BatchNormalization()(features)
    features = layers.Dropout(0.25)(features)

    _, maps, dense, _ = outline_of(keras.Model(x, features))

    assert (titles(maps), maps.shape) == (["Conv2D 8, 3×3"], "128")
    assert maps.steps[0].notes == ["flatten"]
    assert dense.steps[0].notes == ["relu", "batch norm", "dropout 0.25"]


def test_a_model_without_a_graph_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    for model in (Own(), keras.Sequential([layers.Dense(2)])):
        with pytest.raises(ValueError, match="without such a graph. Draw"):
            drawing.show_model(model)
        with pytest.raises(ContractError, match="keras.Model.inputs, outp"):
            describe_model(model)


@every_model
def test_pictures_have_room_for_everything(make):
    """Boxes keep apart, texts stay in theirs, all is in the picture."""
    places, routes, height = lay_out(outline_of(make()))

    for one, other in itertools.combinations(places, 2):
        apart = abs(one.x - other.x) - (one.width + other.width) / 2
        assert apart >= 0 or one.bottom < other.y or other.bottom < one.y
    for place in places:
        assert 0 <= place.x - place.width / 2
        assert place.x + place.width / 2 <= WIDTH
        assert 0 <= place.y < place.bottom <= height
        for line in place.lines:
            assert place.y < line.y < place.bottom
            assert sum(width_of(*p) for p in line.parts) < place.width
            assert min(size for _, size, _ in line.parts) >= 5.5
    for route in routes:
        assert all(0 <= x <= WIDTH for x, _ in route.points)
        (_, start), (_, end) = route.points[0], route.points[-1]
        assert start < end  # downwards


@every_model
def test_arrows_go_around_what_is_in_their_way(make):
    """Where an arrow leaves a box, and down to where it turns in."""
    places, routes, _ = lay_out(outline_of(make()))

    for route in routes:
        for (x, top), (end, bottom) in itertools.pairwise(route.points):
            if x != end:
                continue
            for place in set(map(id, places)) - {
                id(route.source),
                id(route.target),
            }:
                (other,) = [p for p in places if id(p) == place]
                beside = abs(other.x - x) >= other.width / 2
                below_or_above = (
                    max(top, bottom) <= other.y
                    or min(top, bottom) >= other.bottom
                )
                assert beside or below_or_above


def test_skips_pass_the_boxes_in_lanes_of_their_own():
    _, routes, _ = lay_out(outline_of(editor()))

    skips = [route for route in routes if route.side]
    assert len(skips) == 3 and {route.side for route in skips} == {-1}
    skips.sort(key=lambda route: len(route.rows))
    edges = [route.edge for route in skips]
    assert edges == sorted(edges, reverse=True) and len(set(edges)) == 3
    others = [r for r in routes if r.step is not None and not r.side]
    assert len(others) == 7  # the words, to every level
    assert {route.source.box.shape for route in others} == {"24"}


def test_the_shorter_of_two_skips_runs_inside():
    x = keras.Input((4,), name="x")
    first = layers.Dense(4)(x)
    second = layers.Dense(4)(layers.Dense(4)(first))
    last = layers.Dense(4)(layers.Dense(4)(second))
    both = layers.Concatenate()([last, first, second])

    _, routes, _ = lay_out(outline_of(keras.Model(x, both)))

    edges = {r.source.box.row: r.edge for r in routes if r.side}
    assert edges[1] < edges[3]


def test_a_meeting_is_as_wide_as_the_branches_that_meet():
    places, routes, _ = lay_out(outline_of(sensors()))

    (meeting,) = [place for place in places if place.box.kind == "merge"]
    into = [route for route in routes if route.target is meeting]
    assert len(into) == 5
    assert all(len(route.points) == 2 for route in into)  # straight


@every_model
def test_every_shape_and_name_is_written(make):
    boxes = outline_of(make())

    (axis,) = drawing.draw_model(make()).axes
    written = "".join(text.get_text() for text in axis.texts)
    for box in boxes:
        assert box.shape in written
        for step in box.steps:
            assert step.title.replace(" ", "") in written.replace(" ", "")


@pytest.mark.slow
@every_model
def test_words_depend_on_the_model_alone(make):
    before = describe_model(make())
    layers.Dense(3)(keras.Input((2,)))

    assert describe_model(make()) == before
    assert len(before.split()) >= 10
    starts = [s.startswith("Input") for s in before.split(". ")[1:]]
    assert starts == sorted(starts, reverse=True)  # what goes in is first
    assert not re.search(r"[a-z]_\d", before.replace("sensor_", ""))
    for box in outline_of(make()):
        for step in box.steps:
            assert step.title in before


def test_words_say_what_meets():
    assert describe_model(parcels()) == (
        "A model with 2 inputs and 1 output. "
        "Input image (8×8×1); Conv2D 32, 3×3 (relu); MaxPooling2D 2×2; "
        "Conv2D 64, 3×3 (relu); GlobalMaxPooling2D. "
        "Input numbers (2); Dense 32 (relu). "
        "Concatenate joins image and numbers; Dense 6 (softmax); "
        "output band (6)."
    )
    assert "Input left (9); Dense 4 (relu, shared weights)." in (
        describe_model(towers())
    )
    assert "Concatenate joins left with right and kind" in (
        describe_model(towers())
    )
    assert describe_model(answers()).endswith(
        "From row: Dense 3 (softmax); output c (3)."
    )
    words = describe_model(editor())
    assert "FiLM (relu) with instruction (24)" in words
    assert "Concatenate with an earlier result (32×32×8)" in words
    assert "joins sensor_0, sensor_1, sensor_2, sensor_3 and sensor_4" in (
        describe_model(sensors())
    )


def test_drawing_leaves_a_model_as_it_was():
    model = parcels()
    config, layer = model.get_config(), model.layers[2]
    was = layer.output

    drawing.draw_model(model)

    assert model.get_config() == config
    assert layer.output is was  # one call, as before
    name = layers.Dense(1).name
    number = int(name.partition("_")[2] or 0)
    drawing.draw_model(model)
    assert layers.Dense(1).name == f"dense_{number + 1}"


def test_a_picture_takes_less_than_a_second():
    model = editor()
    begin = time.perf_counter()

    picture = drawing._Picture(drawing.draw_model(model), "")
    picture._repr_png_()

    assert time.perf_counter() - begin < 1


@pytest.mark.slow
def test_a_picture_of_hundreds_of_layers_can_be_drawn():
    x = features = keras.Input((8,), name="x")
    for _ in range(250):
        features = layers.Add()([features, layers.Dense(8)(features)])
    model = keras.Model(x, features)

    assert len(outline_of(model)) == 252
    assert describe_model(model).count("an earlier result") == 249


def test_a_notebook_gets_picture_width_and_words(monkeypatch):
    shown = []
    monkeypatch.setattr(
        drawing,
        "display",
        lambda *given, **more: shown.append((given, more)),
    )
    model = parcels()

    assert drawing.show_model(model) is None

    (((picture,), more),) = shown
    png, metadata = picture._repr_png_()
    assert png.startswith(b"\x89PNG") and metadata == {"width": 480}
    assert more == {"metadata": {"alt": describe_model(model)}}
    assert repr(picture) == describe_model(model)
