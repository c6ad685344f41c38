import keras
import numpy as np
import pytest
from matplotlib import pyplot

from companion.lab import datasets, evaluation, limits, plots, timing
from companion.lab.claims import claim


@pytest.fixture(scope="module")
def parcels():
    return datasets.parcels()


def same_image(a, b):
    return {image.tobytes() for image in a} & {i.tobytes() for i in b}


def test_no_digit_is_both_trained_on_and_tested_on(parcels):
    train, test = datasets.digits()
    drawn, drawn_test = parcels

    assert not same_image(train.images, test.images)
    assert not same_image(drawn.images, drawn_test.images)
    assert same_image(drawn.images, train.images)


def test_there_are_enough_parcels_in_at_most_six_bands(parcels):
    train, test = parcels

    assert len(train.bands) + len(test.bands) >= 6000
    assert set(train.bands) == set(range(6))


def test_the_rule_is_the_sum_of_its_steps(parcels):
    train, _ = parcels
    distance = np.digitize(train.zones, datasets.DISTANCES)

    np.testing.assert_array_equal(train.bands, distance + train.steps)


def test_no_parcel_lies_near_a_limit(parcels):
    """Gaps at the limits make the best possible score reachable."""
    train, _ = parcels
    grams, centimetres = train.numbers.T

    for limit in datasets.WEIGHTS:
        assert np.abs(grams / limit - 1).min() > 0.05
    assert np.abs(centimetres / datasets.BULKY - 1).min() > 0.05


def test_neither_input_alone_can_know(parcels):
    _, test = parcels
    both = 10 * test.steps + test.zones

    assert limits.best_accuracy(both, test.bands) == 1
    assert limits.best_accuracy(test.zones, test.bands) < 0.7
    assert limits.best_accuracy(test.steps, test.bands) < 0.7


def test_the_seed_decides_the_parcels(parcels):
    again, other = datasets.parcels(0)[0], datasets.parcels(1)[0]

    np.testing.assert_array_equal(parcels[0].images, again.images)
    np.testing.assert_array_equal(parcels[0].numbers, again.numbers)
    assert not np.array_equal(parcels[0].numbers, other.numbers)


def test_the_limit_is_what_the_best_table_scores():
    """Trying every rule finds none better, on an example small enough."""
    rng = np.random.default_rng(0)
    known, answers = rng.integers(0, 3, 40), rng.integers(0, 3, 40)

    every_rule = np.stack(np.meshgrid(*[range(3)] * 3), -1).reshape(-1, 3)
    scores = [(rule[known] == answers).mean() for rule in every_rule]

    assert limits.best_accuracy(known, answers) == max(scores)


def test_the_reader_reads_digits_it_has_not_seen():
    train, test = datasets.digits()
    pixels = test.images.reshape(-1, 64)

    read = evaluation.digit_reader(train).predict(pixels)

    assert (read == test.labels).mean() > 0.97


def test_one_array_keeps_rows_and_loses_nothing(parcels):
    inputs = parcels[0].inputs

    table = evaluation.one_array(inputs)

    np.testing.assert_array_equal(table[5, :64], inputs["image"][5].ravel())
    np.testing.assert_array_equal(table[5, 64:], inputs["numbers"][5])


def test_models_that_differ_in_one_layer_are_told_apart():
    def model(units):
        x = keras.Input((2,))
        return keras.Model([x], keras.layers.Dense(units)(x))

    assert evaluation.layers_of(model(3)) == evaluation.layers_of(model(3))
    assert evaluation.layers_of(model(3)) != evaluation.layers_of(model(4))


@pytest.mark.parametrize("bound", [{"at_least": 0.5}, {"at_most": 0.5}])
def test_a_claim_at_its_bound_holds(bound, capsys):
    claim("it holds", 0.5, **bound)

    assert capsys.readouterr().out.startswith("✓ it holds (at ")


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (0.4, {"at_least": 0.5}),
        (0.6, {"at_most": 0.5}),
        (np.nan, {"at_most": 1}),
    ],
)
def test_a_claim_that_does_not_hold_fails_and_says_so(value, bound, capsys):
    with pytest.raises(AssertionError, match="it fails, at .*value="):
        claim("it fails", value, **bound)

    assert capsys.readouterr().out.startswith("✗ it fails")


@pytest.mark.parametrize("bounds", [{}, {"at_least": 0, "at_most": 1}])
def test_a_claim_has_exactly_one_bound(bounds):
    with pytest.raises(ValueError, match="one bound"):
        claim("unclear", 0.5, **bounds)


def test_every_image_gets_its_caption():
    figure = plots.show_images(np.zeros((5, 8, 8, 1)), "abcde", columns=3)

    captions = [text.get_text() for a in figure.axes for text in a.texts]
    assert captions == list("abcde")
    pyplot.close(figure)


def test_every_row_fed_has_its_square_and_every_other_is_named():
    fed = {"first": [2, 4, 3], "second": [4, 3, 2, 1, 0]}
    figure = plots.show_order(fed, num_rows=5, batch_size=2)

    (axis,) = figure.axes
    texts = [text.get_text() for text in axis.texts]
    assert texts == [*"243", "without 0, 1", *"43210", "all rows"]
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == list(fed) and axis.get_ylim() == (2, 0)
    assert [int(p.get_y()) for p in axis.patches] == [0] * 3 + [1] * 5
    steps = np.diff([patch.get_x() for patch in axis.patches[3:]])
    assert (steps[[1, 3]] > steps[[0, 2]]).all()  # a new batch begins
    shades = [patch.get_facecolor() for patch in axis.patches]
    assert shades[0] == shades[5] != shades[1] == shades[3]
    dark, light = axis.texts[-2].get_color(), axis.texts[1].get_color()
    assert (dark, light) == ("white", "black")  # on row 0 and on row 4
    pyplot.close(figure)


def test_seconds_stand_at_their_bars_in_the_order_given():
    figure = plots.show_seconds({"slow": 2.0, "fast": 0.5}, "seconds")

    (axis,) = figure.axes
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == ["fast", "slow"]
    assert [patch.get_width() for patch in axis.patches] == [0.5, 2.0]
    assert [t.get_position() for t in axis.texts] == [(0.5, 0), (2.0, 1)]
    texts = [text.get_text().strip() for text in axis.texts]
    assert texts == ["0.50 s", "2.00 s"]
    assert axis.get_xlabel() == "seconds"
    pyplot.close(figure)


def test_actions_take_turns():
    done = []
    actions = {name: lambda n=name: done.append(n) for name in "ab"}

    assert list(timing.median_seconds(actions, passes=2)) == ["a", "b"]
    assert done == ["a", "b"] * 3


def test_the_first_time_does_not_count(monkeypatch):
    clock = iter([0, 100, 0, 1, 0, 2, 0, 9])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))

    assert timing.median_seconds({"a": lambda: None}) == {"a": 2}


def test_bars_stand_in_the_order_given_with_their_limits():
    figure = plots.show_scores({"both": 0.9, "one": 0.5}, {"one": 0.6})

    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "one",
        "both",
    ]
    assert [text.get_text() for text in axis.texts] == ["50.0%", "90.0%"]
    assert axis.collections[0].get_offsets().tolist() == [[0.6, 0.0]]
    pyplot.close(figure)
