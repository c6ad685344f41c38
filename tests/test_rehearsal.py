"""`check` lets Keras run a batch, and leaves no trace of it."""

import random
import tempfile
from collections import OrderedDict, deque
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from companion import (
    ConditionalGAN,
    ContractError,
    ContractWarning,
    MultiInputGenerator,
    check,
    conditional_generator,
    projection_discriminator,
)
from companion.checking.reading import read
from companion.checking.rehearsal import as_it_was, cure, in_words, rehearse
from companion.values import new_extremes

N = 8
DATA = {
    "numbers": np.linspace(0, 1, 2 * N).reshape(N, 2),
    "zone": np.linspace(0, 1, N)[:, None],
}
PRICES = np.linspace(0, 1, N)[:, None]


def parcel(**options):
    numbers = keras.Input((2,), name="numbers", **options)
    zone = keras.Input((1,), name="zone", **options)
    return [numbers, zone], keras.layers.Concatenate()([numbers, zone])


def plain(optimizer="adam", metrics=("mae",), **compiled):
    inputs, joined = parcel()
    model = keras.Model(inputs, keras.layers.Dense(1, name="price")(joined))
    model.compile(optimizer, "mse", metrics=list(metrics), **compiled)
    return model


def with_chance_and_state():
    inputs, joined = parcel()
    hidden = keras.layers.Dense(4, activation="relu")(joined)
    hidden = keras.layers.BatchNormalization()(hidden)
    hidden = keras.layers.Dropout(0.5)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.compile("adam", "mse", weighted_metrics=["mae"])
    return model


def with_a_schedule():
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    return plain(keras.optimizers.RMSprop(rate, use_ema=True))


def half_precision():
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(), initial_scale=8.0, dynamic_growth_steps=1
    )
    return plain(optimizer)


class Subclassed(keras.Model):
    """Its layers are made when it is called first."""

    def __init__(self):
        super().__init__()
        self.calls, self.last = 0, keras.layers.Dense(1)
        self.kept = {"drop": [keras.layers.Dropout(0.5)]}

    def call(self, inputs, training=False):
        self.calls += 1
        parts = [inputs["numbers"], inputs["zone"]]
        joined = keras.ops.concatenate(parts, axis=-1)
        joined = self.kept["drop"][0](joined, training=training)
        return self.last(joined)


def subclassed():
    model = Subclassed()
    model.compile("adam", "mse", metrics=["mae"])
    return model


def built_once():
    """A model that was trained for an epoch before."""
    model = with_chance_and_state()
    model.fit(DATA, PRICES, verbose=0, shuffle=False)
    return model


MODELS = {
    "plain": plain,
    "with chance and state": with_chance_and_state,
    "with a schedule": with_a_schedule,
    "half precision": half_precision,
    "subclassed": subclassed,
    "trained before": built_once,
    "run eagerly": lambda: plain(run_eagerly=True),
}


#: Left out of the quick tests.
SLOW = set(MODELS) - {"plain", "with chance and state"}
every_model = pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            make, id=name, marks=[pytest.mark.slow] * (name in SLOW)
        )
        for name, make in MODELS.items()
    ],
)


def trained(make, checked):
    """What training gives, and all that may have been drawn."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model = make()
    if checked:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ContractWarning)
            check(model, DATA, targets=PRICES)
    history = model.fit(
        DATA, PRICES, epochs=2, batch_size=3, verbose=0, shuffle=False
    ).history
    later = keras.layers.Dense(1)
    later.build((None, 3))
    drawn = [
        random.random(),
        np.random.random(),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        later.kernel.numpy(),
    ]
    return {
        "weights": model.get_weights(),
        "optimizer": [v.numpy() for v in model.optimizer.variables],
        "variables": [v.path for v in model.optimizer.variables],
        "history": history,
        "drawn": drawn,
        "name": later.name,
        "metrics": [v.numpy() for v in model.metrics_variables],
    }


@pytest.mark.slow
@every_model
def test_training_is_the_same_with_a_check_before(make):
    found = trained(make, checked=True)
    wanted = trained(make, checked=False)

    assert found["variables"] == wanted["variables"]
    assert found["name"] == wanted["name"]
    keras.tree.map_structure(np.testing.assert_array_equal, found, wanted)


@pytest.mark.slow
@every_model
def test_nothing_is_left_behind(make):
    keras.utils.clear_session()
    model = make()
    functions = model.train_function, model.predict_function
    names = set(vars(model))
    variables = [v.path for v in model.variables]

    with as_it_was(model):
        model.fit(DATA, PRICES, verbose=0, shuffle=False)
        assert model.train_function is not None
        assert [v.path for v in model.optimizer.variables][2:]

    assert (model.train_function, model.predict_function) == functions
    assert set(vars(model)) == names
    assert [v.path for v in model.variables] == variables


def test_a_layer_counts_its_calls_as_before():
    keras.utils.clear_session()
    model = subclassed()

    with pytest.warns(ContractWarning, match="declares its inputs"):
        check(model, DATA, targets=PRICES)

    assert model.calls == 0
    assert not model.last.built


@pytest.mark.slow
def test_a_checked_model_is_saved_and_loaded_with_its_optimizer():
    keras.utils.clear_session()
    model = plain()
    check(model, DATA, targets=PRICES)
    model.fit(DATA, PRICES, verbose=0, shuffle=False)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path)

    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    np.testing.assert_array_equal(
        loaded.predict(DATA, verbose=0), model.predict(DATA, verbose=0)
    )


def test_a_generator_stands_where_it_stood():
    batches = MultiInputGenerator(
        DATA, PRICES, batch_size=3, shuffle=True, seed=0
    )
    before = batches[0]

    check(plain(), batches)

    assert batches.epoch == 0
    keras.tree.map_structure(
        np.testing.assert_array_equal, before, batches[0]
    )


@pytest.mark.slow
def test_a_model_that_cannot_run_is_as_it_was():
    keras.utils.clear_session()
    model = plain()
    weights = model.get_weights()

    with pytest.raises(ContractError):
        check(model, DATA, targets={"price": PRICES})

    keras.tree.map_structure(
        np.testing.assert_array_equal, weights, model.get_weights()
    )
    assert not model.optimizer.built
    model.fit(DATA, PRICES, verbose=0, shuffle=False)


@pytest.mark.slow
def test_a_gan_trains_as_if_it_was_not_checked():
    labels = np.arange(N, dtype="int32") % 4
    drawn = {"label": labels, "noise": np.ones((N, 3), "float32")}
    image = np.linspace(0, 1, 4 * N, dtype="float32").reshape(N, 2, 2, 1)
    real = {"label": labels, "image": image}

    def weights(checked):
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        gan = ConditionalGAN(
            conditional_generator((2, 2, 1), 3, 4, (5,)),
            projection_discriminator({"image": (2, 2, 1)}, 4, (5,)),
        )
        gan.compile()
        if checked:
            check(gan, drawn, targets=real)
        gan.fit(drawn, real, verbose=0, shuffle=False)
        return gan.get_weights()

    keras.tree.map_structure(
        np.testing.assert_array_equal, weights(True), weights(False)
    )


class Counting(keras.Model):
    """Every step is counted."""

    steps = 0

    def train_step(self, data):
        Counting.steps += 1
        return super().train_step(data)


def counted(data, **options):
    inputs, joined = parcel()
    model = Counting(inputs, keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")
    Counting.steps = 0
    check(model, data, **options)
    return Counting.steps


def test_one_step_is_run_where_all_batches_are_of_one_form():
    assert counted(MultiInputGenerator(DATA, PRICES, batch_size=2)) == 1
    assert counted(MultiInputGenerator(DATA, PRICES, batch_size=3)) == 1
    assert counted(DATA, targets=PRICES) == 1


class Lengths(keras.utils.PyDataset):
    """Batches of one sequence each, of these lengths."""

    def __init__(self, *lengths):
        super().__init__()
        self.lengths = lengths

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        return np.ones((1, self.lengths[index], 1)), np.ones(1)


@pytest.mark.parametrize(
    ("lengths", "steps"),
    [
        ((3, 3, 3), [0]),
        ((3, 4, 3), [0, 1]),
        ((3, 4, 5, 6, 7, 8), [0, 1, 2, 5]),
        ((3, 3, 3, 3, 4), [0, 1, 4]),
    ],
)
def test_of_many_forms_a_few_are_run(lengths, steps):
    x = keras.Input((None, 1), name="x")
    model = Counting([x], keras.layers.Dense(1)(keras.ops.sum(x, axis=1)))
    model.compile("sgd", "mse")
    reading = read(Lengths(*lengths), (None, None), 10, None)
    Counting.steps = 0

    assert reading.run == steps
    rehearse(model, reading, training=True)
    if 4 not in steps:  # else TensorFlow stops, which has learned of 3
        assert Counting.steps == len(steps)


def test_nothing_is_run_where_it_is_left_out():
    assert counted(DATA, targets=PRICES, run=False) == 0


def test_what_no_rule_knows_is_told_in_the_words_of_keras():
    inputs, joined = parcel()
    answers = [keras.layers.Dense(1, name=n)(joined) for n in ("a", "b")]
    model = keras.Model(inputs, answers)
    model.compile("sgd", {"a": "mse"})
    targets = [PRICES, PRICES]

    with pytest.raises(ContractError) as caught:
        check(model, DATA, targets=targets)

    problem = caught.value.problems[0]
    assert problem.where == "rows"
    assert problem.received.startswith(
        "ValueError: Expected keys ['a', 'b'"
    )
    assert problem.fix == "Name each output in the dict of losses."
    assert check(model, DATA, targets=targets, run=False).problems == ()
    model.compile("sgd", {"a": "mse", "b": None})
    assert check(model, DATA, targets=targets).problems == ()


def test_words_of_keras_are_told_without_their_places():
    error = ValueError(
        "Exception encountered when calling Functional.call().\n\n"
        "\x1b[1mInvalid input shape for input 3\x1b[0m\n\n"
        "Arguments received by Functional.call():\n  • inputs={}"
    )

    assert in_words(error) == "ValueError: Invalid input shape for input 3"
    assert len(in_words(ValueError("long " * 200))) < 350


def test_there_is_something_to_do_about_everything():
    assert cure("ValueError: No loss to compute.").startswith("Compile it")
    assert cure("KeyError: 7").startswith("Mend what Keras names")


class Drawing(keras.utils.PyDataset):
    """Adds noise of three libraries to what it reads."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        noise = np.random.random() + random.random()
        noise += float(keras.random.uniform(()))
        return {n: v + noise for n, v in DATA.items()}, PRICES


def test_data_that_draws_draws_the_same_again():
    model = plain()
    keras.utils.set_random_seed(0)
    wanted = Drawing()[0]
    keras.utils.set_random_seed(0)

    check(model, Drawing())

    keras.tree.map_structure(
        np.testing.assert_array_equal, Drawing()[0], wanted
    )


def drawing():
    """A generator that draws for each batch."""
    while True:
        yield Drawing()[0]


def test_counting_batches_draws_nothing_either():
    model = plain()
    before = np.random.get_state()[1].copy(), random.getstate()

    check(model, drawing, steps=20)

    np.testing.assert_array_equal(before[0], np.random.get_state()[1])
    assert before[1] == random.getstate()


class Collecting(keras.Model):
    """It holds things of all kinds, and changes them at each step."""

    def __init__(self, *args):
        super().__init__(*args)
        self.queue = tf.Variable([0.0], trainable=False)
        self.ordered = OrderedDict(first=1)
        self.last, self.plain = deque([1], maxlen=2), {"n": [0]}

    def train_step(self, data):
        self.queue.assign_add([1.0])
        self.ordered["second"] = 2
        self.ordered.move_to_end("first")
        self.last.append(2)
        self.plain["n"].append(1)
        return super().train_step(data)


def test_what_a_model_holds_is_put_back():
    inputs, joined = parcel()
    model = Collecting(inputs, keras.layers.Dense(1)(joined))
    model.compile("sgd", "mse")

    check(model, DATA, targets=PRICES)

    assert model.queue.numpy() == [0.0]
    assert list(model.ordered.items()) == [("first", 1)]
    assert list(model.last) == [1]
    assert dict(model.plain) == {"n": [0]}


def test_weights_that_one_step_spoils_are_told():
    """The loss of the step before it is a number still."""
    x = keras.Input((1,), name="x")
    ones = keras.layers.Dense(1, kernel_initializer="ones")
    model = keras.Model([x], keras.ops.sqrt(ones(x)))
    model.compile("sgd", "mse")
    data = {"x": np.array([[0.0], [1.0]])}

    history = model.fit(data, np.ones(2), verbose=0, shuffle=False).history
    assert np.isfinite(history["loss"]).all()
    assert np.isnan(model.get_weights()[0]).all()
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    with pytest.raises(ContractError, match="weights that are NaN"):
        check(model, data, targets=np.ones(2))


def of_pairs(wanted, given):
    """A loss that compares the rows of a batch of an even number."""
    gap = keras.ops.reshape(wanted - given, (-1, 5))
    return keras.ops.mean(keras.ops.square(gap), axis=-1)


def test_a_batch_has_as_many_rows_as_fit_will_give_it():
    inputs, joined = parcel()
    model = keras.Model(inputs, keras.layers.Dense(1)(joined))
    model.compile("sgd", of_pairs)
    data = {name: values[:5] for name, values in DATA.items()}
    data = {name: np.tile(v, (8, 1)) for name, v in data.items()}
    targets = np.ones((40, 1))

    assert check(model, data, targets=targets, batch_size=10)
    with pytest.raises(ContractError, match="^rows: .* reshape"):
        check(model, data, targets=targets)


def test_later_batches_of_tensorflow_are_read():
    model = plain()
    rows = DATA | {"zone": np.where(DATA["zone"] == 1, np.nan, 0.0)}
    data = tf.data.Dataset.from_tensor_slices((rows, PRICES)).batch(2)

    with pytest.raises(ContractError, match='"zone": .* NaN or infinity'):
        check(model, data)
    assert check(model, data, batches=2).problems == ()


class Compiled(keras.Model):
    """Its step is compiled by TensorFlow, as many write it."""

    @tf.function
    def train_step(self, data):
        return super().train_step(data)


@pytest.mark.slow
def test_a_step_compiled_by_hand_leaves_no_trace():
    slots, losses = [], []
    for checked in (False, True):
        keras.utils.set_random_seed(0)
        inputs, joined = parcel()
        model = Compiled(inputs, keras.layers.Dense(1)(joined))
        model.compile("adam", "mse")
        if checked:
            check(model, DATA, targets=PRICES)
        losses += model.fit(DATA, PRICES, verbose=0).history["loss"]
        slots.append([np.abs(v).sum() for v in model.optimizer.variables])

    assert losses[0] == losses[1]
    np.testing.assert_allclose(*slots)
    assert np.min(slots[0]) > 0


def looked_at(values, rows):
    """The rows of a second batch that Keras runs of an array."""
    return sorted(new_extremes(np.array(values), rows))


def test_rows_with_extremes_are_run_too():
    whole = [[3, 1], [2, 2], [9, 1], [2, 0], [9, 0]]

    assert looked_at(whole, 2) == [2, 3]
    assert looked_at(whole, 4) == []
    assert looked_at(whole, 9) == []
    assert looked_at(np.tile(whole, 9), 2) == [2, 3]  # as one
    assert looked_at([0.5, 0.1, 0.9], 1) == []  # no whole numbers
    assert looked_at([1.0, 0.0, 9.0], 2) == [2]
    assert looked_at([1.0, 2.0, np.inf, np.nan], 2) == [2]
    assert looked_at([np.nan, 2.0, np.inf], 2) == []
    assert looked_at(["a", "b", "c"], 1) == []
    assert looked_at(np.zeros((5, 0)), 2) == []
