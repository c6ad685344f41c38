import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from companion import (
    ConditionalGAN,
    ContractError,
    FollowEpoch,
    Labels,
    MultiInputGenerator,
    Noise,
    conditional_generator,
    projection_discriminator,
    tabular_augmenter,
)

SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam
N, BATCH = 14, 4
RNG = np.random.default_rng(0)
LABELS = np.arange(N, dtype="int32") % 3
DRAWN = {"label": LABELS, "noise": RNG.standard_normal((N, 4), "float32")}
REAL = {
    "label": np.roll(LABELS, 1),
    "numbers": RNG.standard_normal((N, 2), "float32"),
    "size": np.eye(2, dtype="float32")[np.arange(N) % 2],
}


def networks(dropout=0.0):
    return (
        tabular_augmenter(2, {"size": 2}, 3, 4, (6,), activation=None),
        projection_discriminator(
            {"numbers": (2,), "size": (2,)}, 3, (8, 8), dropout
        ),
    )


def gan(*optimizers, made_of=networks, **options):
    """The same at every call; without XLA, which takes seconds."""
    keras.utils.set_random_seed(0)
    compiled = ConditionalGAN(*made_of())
    compiled.compile(
        *(optimizers or (SGD(0.1), SGD(0.3))),
        **{"jit_compile": False} | options,
    )
    return compiled


def fit(compiled, drawn=DRAWN, real=REAL, **options):
    return compiled.fit(
        drawn,
        real,
        **{"batch_size": BATCH, "shuffle": False, "verbose": 0} | options,
    )


def values(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assert_same(variables, others, **tolerance):
    for one, other in zip(variables, others, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


def trained(**options):
    compiled = gan(**options)
    fit(compiled, epochs=2)
    return values(compiled.weights)


@pytest.fixture(scope="module")
def expected():
    """The weights after two epochs."""
    return trained()


# A step


def one_tensor():
    """What is made has one part, without a name of its own."""
    row, _ = networks()
    return (
        keras.Model(row.inputs, row.output["numbers"]),
        projection_discriminator({"numbers": (2,)}, 3, (8,), 0.0),
    )


def another_label():
    """A label for the generator network alone."""
    row, _ = one_tensor()
    numbers = keras.Input((2,), name="numbers")
    return row, keras.Model([numbers], keras.layers.Dense(1)(numbers))


def shared_noise():
    """Both read the noise."""
    row, _ = networks()
    sizes = {"numbers": 2, "noise": 4, "size": 2}
    parts = [keras.Input((n,), name=name) for name, n in sizes.items()]
    joined = keras.layers.Concatenate()(parts)
    return row, keras.Model(parts, keras.layers.Dense(1)(joined))


def read_by(network, *parts):
    """Tensors for the inputs of a network."""
    everything = {name: v for part in parts for name, v in part.items()}
    return {
        tensor.name: tf.convert_to_tensor(everything[tensor.name])
        for tensor in network.inputs
    }


def by_hand(maker, judge, smoothing, training):
    """Both losses, and what the discriminator says of real and made."""

    def loss(answer, wanted):
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                wanted * tf.ones_like(answer), answer
            )
        )

    made = maker(read_by(maker, DRAWN), training=training)
    made = made if isinstance(made, dict) else {"numbers": made}
    on_made = judge(read_by(judge, DRAWN, made), training=training)
    on_real = judge(read_by(judge, DRAWN, REAL), training=training)
    losses = (
        loss(on_made, 1.0),
        loss(on_real, 1 - smoothing) + loss(on_made, 0.0),
    )
    return losses, on_real, on_made


def step_by_hand(maker, judge, smoothing):
    """One step of SGD, at the rates 0.1 and 0.3."""
    with tf.GradientTape() as one, tf.GradientTape() as other:
        (for_maker, for_judge), *_ = by_hand(maker, judge, smoothing, True)
    gradients = [
        one.gradient(for_maker, maker.trainable_variables),
        other.gradient(for_judge, judge.trainable_variables),
    ]
    for network, rate, found in zip((maker, judge), (0.1, 0.3), gradients):
        for variable, gradient in zip(network.trainable_variables, found):
            variable.assign_sub(rate * tf.convert_to_tensor(gradient))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made_of", "smoothing"),
    [
        (networks, 0.0),
        (networks, 0.3),
        (one_tensor, 0.1),
        (another_label, 0.1),
        (shared_noise, 0.1),
    ],
)
def test_a_step_is_that_of_two_tapes(made_of, smoothing):
    compiled = gan(made_of=made_of, smoothing=smoothing, run_eagerly=True)
    keras.utils.set_random_seed(0)
    maker, judge = made_of()

    for _ in range(2):
        step_by_hand(maker, judge, smoothing)
    real = read_by(judge, DRAWN, REAL)
    fit(compiled, DRAWN, real, batch_size=N, epochs=2)

    assert_same(
        values(compiled.weights),
        values([*maker.weights, *judge.weights]),
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rates", "still"), [((0.0, 0.3), 0), ((0.1, 0.0), 1)]
)
def test_an_optimiser_changes_the_weights_of_its_network_alone(
    rates, still
):
    compiled = gan(*map(SGD, rates))
    pair = (compiled.generator_network, compiled.discriminator)
    before = [values(network.trainable_variables) for network in pair]

    fit(compiled)

    after = [values(network.trainable_variables) for network in pair]
    assert_same(before[still], after[still], rtol=0)
    for was, is_now in zip(before[1 - still], after[1 - still]):
        assert not np.array_equal(was, is_now)


OTHER_WAYS = {
    "three steps at once": {"steps_per_execution": 3},
    "eagerly": {"run_eagerly": True},
    "with XLA": {"jit_compile": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("options", OTHER_WAYS.values(), ids=OTHER_WAYS)
def test_other_ways_to_run_give_the_same_weights(options, expected):
    assert_same(trained(**options), expected, rtol=1e-4, atol=1e-6)


@pytest.fixture
def half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.slow
def test_in_half_precision_both_losses_are_scaled(half_precision):
    compiled = gan()
    fit(compiled)
    half = values(compiled.trainable_variables)
    scaling = keras.optimizers.LossScaleOptimizer

    keras.config.set_dtype_policy("float32")
    exact = gan()
    first = values(exact.trainable_variables)
    fit(exact)

    assert isinstance(compiled.optimizer, scaling)
    assert isinstance(compiled.discriminator_optimizer, scaling)
    for one, start, end in zip(
        half, first, values(exact.trainable_variables), strict=True
    ):
        assert np.isfinite(one).all()
        error = np.abs((one - start) - (end - start)).max()
        assert error < 0.05 * np.abs(end - start).max()


def test_it_is_not_scaled_twice(half_precision):
    scaled = keras.optimizers.LossScaleOptimizer(SGD())
    compiled = gan(SGD(), scaled)

    assert compiled.discriminator_optimizer is scaled


# What layers add to a loss


class Adds(keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs))
        return inputs


def adding(layer=None, of_maker=None, of_judge=None):
    """Weights of one; made of ones are twos, and what is real is three."""
    parts = []
    for name, size, loss in (("noise", 2, of_maker), ("row", 1, of_judge)):
        read = keras.Input((2,), name=name)
        dense = keras.layers.Dense(
            size,
            use_bias=False,
            kernel_initializer="ones",
            kernel_regularizer=loss,
        )(read)
        made = layer()(dense) if layer else dense
        parts.append(keras.Model([read], made))
    return parts


TWICE = {"noise": np.ones((N, 2))}, {"row": np.full((N, 2), 3.0)}
ADDED = {
    "regularised weights": (
        {
            "of_maker": keras.regularizers.L2(0.5),
            "of_judge": keras.regularizers.L1(0.25),
        },
        (0.5 * 4, 0.25 * 2),
        (1.0, 0.25),
    ),
    "a loss of a layer": ({"layer": Adds}, (2, 4 + 6), (0.5, 2 + 3)),
    "a regularised activity": (
        {"layer": lambda: keras.layers.ActivityRegularization(1.0)},
        (2 + 2, 4 + 6),
        (1.0, 2 + 3),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize(
    ("parts", "losses", "slopes"), ADDED.values(), ids=ADDED
)
def test_what_layers_add_counts_in_the_loss_of_their_network(
    parts, losses, slopes, method
):
    """The discriminator is called twice; its weights count once."""
    found = []
    for made_of in (adding, lambda: adding(**parts)):
        compiled = gan(made_of=made_of)
        told = getattr(compiled, method)(*TWICE, return_dict=True)
        found.append(([told[name] for name in NAMES[:2]], compiled.weights))

    (plain, weights), (added, moved) = found
    learns = method == "train_on_batch"
    assert_same(np.subtract(added, plain), losses, rtol=1e-5)
    for one, other, rate, slope in zip(weights, moved, (0.1, 0.3), slopes):
        np.testing.assert_allclose(
            one - other, learns * rate * slope * np.ones(one.shape), 1e-4
        )


def test_what_layers_add_counts_in_half_precision_too(half_precision):
    (plain, _), (added, _) = (
        gan(made_of=made_of, run_eagerly=True).evaluate(*TWICE, verbose=0)[
            :2
        ]
        for made_of in (adding, lambda: adding(Adds, "l2"))
    )

    assert added - plain == pytest.approx(2 + 0.01 * 4, rel=1e-3)


# Averages of weights


class Averages(keras.callbacks.Callback):
    """Works out what ``use_ema`` is to keep of each network."""

    def __init__(self, *of_networks, momentum=0.5):
        super().__init__()
        self.networks, self.momentum = of_networks, momentum
        self.last = self.averages = None

    def on_train_batch_end(self, batch, logs=None):
        self.last = [
            values(part.trainable_weights) for part in self.networks
        ]
        before = self.averages or self.last
        self.averages = [
            [self.momentum * a + (1 - self.momentum) * b for a, b in pairs]
            for pairs in map(zip, before, self.last)
        ]


def averaging(rate):
    return SGD(rate, use_ema=True, ema_momentum=0.5)


def averaged(*of_which):
    """A GAN whose optimisers keep averages, and what they are to be."""
    kinds = [averaging if kept else SGD for kept in of_which]
    compiled = gan(kinds[0](0.1), kinds[1](0.3), run_eagerly=True)
    pair = compiled.generator_network, compiled.discriminator
    return compiled, pair, Averages(*pair)


def test_an_ordinary_model_holds_its_averages_after_fit():
    ordinary = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    ordinary.compile(averaging(0.1), "mse", run_eagerly=True)
    expected = Averages(ordinary)

    ordinary.fit(REAL["numbers"], REAL["label"], BATCH, 2, 0, [expected])

    assert_same(
        values(ordinary.weights), expected.averages[0], rtol=1e-4, atol=1e-6
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "kept", [(True, True), (True, False), (False, True)]
)
def test_after_fit_a_network_holds_the_averages_of_its_optimiser(kept):
    compiled, pair, expected = averaged(*kept)

    fit(compiled, epochs=2, callbacks=[expected])

    for i, network in enumerate(pair):
        held = expected.averages[i] if kept[i] else expected.last[i]
        found = values(network.trainable_weights)
        assert_same(found, held, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_the_best_weights_replace_the_averages():
    """As in Keras, where averages come before the end of training."""
    compiled, pair, averages = averaged(True, True)
    best = keras.callbacks.EarlyStopping(
        "real_accuracy", min_delta=9, mode="max", restore_best_weights=True
    )

    fit(compiled, epochs=3, callbacks=[averages, best])

    assert best.stopped_epoch == 1
    assert_same(values(compiled.weights), best.best_weights, rtol=0)


def test_without_an_epoch_there_are_no_averages_to_hold():
    compiled, *_ = averaged(True, True)
    before = values(compiled.weights)

    fit(compiled, epochs=0)

    assert_same(values(compiled.weights), before, rtol=0)


FORMS = {
    "one": lambda callback: callback,
    "a list": lambda callback: [callback],
    "a callback list": lambda callback: keras.callbacks.CallbackList(
        [callback]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_callbacks_are_taken_in_every_form_that_keras_takes(form):
    compiled, pair, expected = averaged(False, True)

    history = compiled.fit(DRAWN, REAL, BATCH, 2, 0, form(expected))

    assert len(history.history["generator_loss"]) == 2
    found = values(pair[1].trainable_weights)
    assert_same(found, expected.averages[1], rtol=1e-4, atol=1e-6)


# Learning


MEANS = np.array([[2.0, 0.0], [-2.0, 1.0], [0.0, -2.0]])


def means_of_what_is_made(shuffled):
    """Trains on points around a mean per label, of which one may lie."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=600).astype("int32")
    points = MEANS[labels] + 0.3 * rng.normal(size=(600, 2))
    if shuffled:
        labels = rng.permutation(labels)
    batches = MultiInputGenerator(
        {"label": Labels(3), "noise": Noise(4)},
        {"label": labels, "numbers": points},
        batch_size=60,
        shuffle=True,
        seed=0,
    )
    keras.utils.set_random_seed(0)
    learner = ConditionalGAN(
        tabular_augmenter(2, None, 3, 4, (16,), activation=None),
        projection_discriminator({"numbers": (2,)}, 3, (16, 16), 0.0),
    )
    learner.compile(Adam(5e-3, 0.5), Adam(5e-3, 0.5), jit_compile=False)
    learner.fit(batches, epochs=25, shuffle=False, verbose=0)
    asked = {
        "label": np.repeat(np.arange(3), 200),
        "noise": rng.standard_normal((600, 4), "float32"),
    }
    made = learner.predict(asked, batch_size=600, verbose=0)["numbers"]
    return made.reshape(3, 200, 2).mean(axis=1)


@pytest.mark.slow
def test_it_learns_what_a_label_means():
    found = means_of_what_is_made(shuffled=False)

    assert np.linalg.norm(found - MEANS, axis=1).max() < 1


@pytest.mark.slow
def test_from_labels_that_lie_it_makes_the_same_of_every_label():
    found = means_of_what_is_made(shuffled=True)

    assert np.linalg.norm(found - found.mean(axis=0), axis=1).max() < 0.5


@pytest.mark.slow
def test_training_draws_nothing_from_the_state_that_all_share():
    """Keras draws first weights from it, as for any model."""
    of_numpy = np.random.get_state()[1].tolist()
    pair = networks(dropout=0.5)
    of_python = random.getstate()
    batches = MultiInputGenerator(DRAWN, REAL, shuffle=True, seed=0)

    compiled = ConditionalGAN(*pair)
    compiled.compile(jit_compile=False)
    compiled.fit(batches, shuffle=False, verbose=0)

    assert np.random.get_state()[1].tolist() == of_numpy
    assert random.getstate() == of_python


# Metrics


NAMES = [
    "generator_loss",
    "discriminator_loss",
    "real_accuracy",
    "generated_accuracy",
]


@pytest.mark.slow
@pytest.mark.parametrize("made_of", [networks, one_tensor])
def test_metrics_are_those_of_both_networks(made_of):
    compiled = gan(made_of=made_of, smoothing=0.2, run_eagerly=True)
    fit(compiled, real=read_by(compiled.discriminator, REAL))
    pair = compiled.generator_network, compiled.discriminator
    losses, on_real, on_made = by_hand(*pair, 0.2, training=False)
    before = values(compiled.weights)

    found = compiled.evaluate(
        DRAWN, REAL, batch_size=N, verbose=0, return_dict=True
    )

    right = (np.mean(on_real > 0), np.mean(on_made < 0))
    assert [metric.name for metric in compiled.metrics] == NAMES
    assert_same([found[name] for name in NAMES], [*losses, *right])
    assert_same(before, values(compiled.weights), rtol=0)


def test_every_sample_counts_alike_also_in_a_shorter_batch():
    compiled = gan(run_eagerly=True)

    whole, parts = (
        compiled.evaluate(DRAWN, REAL, batch_size=size, verbose=0)
        for size in (N, 4)
    )

    np.testing.assert_allclose(whole, parts, rtol=1e-5)


@pytest.mark.slow
def test_metrics_begin_anew_with_each_epoch():
    together, apart = gan(run_eagerly=True), gan(run_eagerly=True)

    history = fit(together, epochs=2).history
    fit(apart)
    second = fit(apart).history

    for name in NAMES:
        assert history[name][1] == pytest.approx(second[name][0])
        assert history[name][0] != history[name][1]


@pytest.mark.parametrize(
    ("kernel", "bias", "shares"),
    [(1, 0, (1, 1)), (-1, 0, (0, 0)), (0, 1, (1, 0)), (0, -1, (0, 1))],
    ids=["knows", "is wrong", "takes all for real", "sees through all"],
)
def test_the_shares_say_what_the_discriminator_can_tell(
    kernel, bias, shares
):
    noise, numbers = keras.Input((4,), name="noise"), REAL["numbers"]
    minus = keras.layers.Dense(2, activation="softplus")(noise)
    minus = keras.layers.Rescaling(-1.0)(minus)
    row = keras.Input((2,), name="numbers")
    judge = keras.Model([row], keras.layers.Dense(1)(row))
    judge.set_weights([np.full((2, 1), kernel), np.full((1,), bias)])
    compiled = gan(
        made_of=lambda: (keras.Model([noise], minus), judge),
        run_eagerly=True,
    )

    found = compiled.test_on_batch(
        {"noise": DRAWN["noise"]},
        {"numbers": np.abs(numbers)},
        return_dict=True,
    )

    assert (found["real_accuracy"], found["generated_accuracy"]) == shares


# Fit


@pytest.mark.slow
@pytest.mark.parametrize("source", ["generator", "tf.data"])
def test_other_sources_of_batches_train_alike(source, expected):
    compiled = gan()
    data = {"x": MultiInputGenerator(DRAWN, REAL, batch_size=BATCH)}
    if source == "tf.data":
        data["steps_per_epoch"] = len(data["x"])
        data["x"] = data["x"].to_tf_dataset(epochs=2)

    compiled.fit(**data, epochs=2, shuffle=False, verbose=0)

    assert_same(values(compiled.weights), expected, rtol=1e-5)


@pytest.mark.slow
def test_callbacks_see_what_is_validated(tmp_path):
    compiled = gan(SGD(0.1), SGD(0.3))
    best = tmp_path / "best.keras"

    history = fit(
        compiled,
        epochs=9,
        validation_data=(DRAWN, REAL),
        callbacks=[
            keras.callbacks.ModelCheckpoint(
                best,
                monitor="val_generator_loss",
                mode="min",
                save_best_only=True,
            ),
            keras.callbacks.EarlyStopping(
                "val_real_accuracy", min_delta=9, patience=2, mode="max"
            ),
            keras.callbacks.LearningRateScheduler(lambda n: 0.5**n),
        ],
    ).history

    assert set(history) == {
        *NAMES,
        *(f"val_{name}" for name in NAMES),
        "learning_rate",
    }
    assert len(history["val_real_accuracy"]) == 3  # the first is the best
    assert history["learning_rate"] == [1, 0.5, 0.25]
    assert float(compiled.optimizer.learning_rate) == 0.25
    assert float(compiled.discriminator_optimizer.learning_rate) == (
        pytest.approx(0.3)
    )
    kept = keras.models.load_model(best)
    found = kept.evaluate(DRAWN, REAL, verbose=0, return_dict=True)
    lowest = min(history["val_generator_loss"])
    assert found["generator_loss"] == pytest.approx(lowest, rel=1e-5)


class Stop(keras.callbacks.Callback):
    """Ends the training in the middle of its second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 1):
            raise KeyboardInterrupt


@pytest.mark.slow
def test_interrupted_and_resumed_it_ends_with_the_same_weights(tmp_path):
    def run(folder, *callbacks):
        batches = MultiInputGenerator(
            {"label": Labels(3), "noise": Noise(4)},
            REAL,
            batch_size=BATCH,
            shuffle=True,
            seed=0,
        )
        compiled = gan(Adam(0.01), Adam(0.02))
        backup = keras.callbacks.BackupAndRestore(tmp_path / folder)
        compiled.fit(
            batches,
            epochs=3,
            shuffle=False,
            verbose=0,
            callbacks=[backup, FollowEpoch(batches), *callbacks],
        )
        return values(compiled.weights)

    whole = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("stopped", Stop())

    assert_same(whole, run("stopped"), rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("names", [("label", "noise"), ("noise", "label")])
def test_called_it_is_its_generator_network(names):
    compiled = gan()
    drawn = {name: DRAWN[name] for name in names}

    expected = compiled.generator_network.predict(DRAWN, verbose=0)
    predicted = compiled.predict(drawn, verbose=0)
    called = compiled({n: tf.constant(v) for n, v in drawn.items()})
    fed = compiled.predict(MultiInputGenerator(drawn, REAL), verbose=0)

    for made in (predicted, called, fed):
        assert_same(
            [expected["numbers"], expected["size"]],
            [made["numbers"], made["size"]],
            rtol=1e-5,
        )


@pytest.mark.slow
def test_the_order_of_names_does_not_matter_in_training(expected):
    compiled = gan()
    turned = [dict(reversed(part.items())) for part in (DRAWN, REAL)]

    fit(compiled, *turned, epochs=2)

    assert_same(values(compiled.weights), expected, rtol=0)


# Saving


def saved(compiled, tmp_path):
    compiled.save(tmp_path / "gan.keras")
    return keras.models.load_model(tmp_path / "gan.keras", safe_mode=True)


def state(compiled):
    """All that training changes, of networks and optimisers."""
    variables = [
        *compiled.weights,
        *compiled.optimizer.variables,
        *compiled.discriminator_optimizer.variables,
    ]
    return values(variables)


@pytest.mark.slow
@pytest.mark.parametrize("made_of", [networks, one_tensor])
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(
    made_of, tmp_path
):
    compiled = gan(Adam(0.01), Adam(0.02), made_of=made_of, smoothing=0.3)
    real = read_by(compiled.discriminator, REAL)
    fit(compiled, real=real)

    loaded = saved(compiled, tmp_path)

    assert type(loaded) is ConditionalGAN and loaded.smoothing == 0.3
    assert_same(state(compiled), state(loaded), rtol=0)
    for one, other in zip(
        *(
            keras.tree.flatten(model.predict(DRAWN, verbose=0))
            for model in (compiled, loaded)
        )
    ):
        np.testing.assert_array_equal(one, other)
    for model in (compiled, loaded):
        fit(model, real=real, epochs=2)
    assert_same(state(compiled), state(loaded), rtol=1e-5, atol=1e-7)


@pytest.mark.slow
def test_both_optimisers_are_saved_as_they_were_made(tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    compiled = gan(
        Adam(schedule, beta_1=0.4),
        SGD(0.2, momentum=0.7),
        steps_per_execution=2,
    )
    fit(compiled)

    loaded = saved(compiled, tmp_path)

    for name in ("optimizer", "discriminator_optimizer"):
        one, other = getattr(compiled, name), getattr(loaded, name)
        assert type(one) is type(other)
        assert one.get_config() == other.get_config()
        assert float(one.learning_rate) == float(other.learning_rate)
    assert loaded.steps_per_execution == 2


@pytest.mark.parametrize("name", ["jit_compile", "run_eagerly"])
@pytest.mark.parametrize("value", [True, False])
def test_how_it_runs_is_saved(name, value, tmp_path):
    compiled = ConditionalGAN(*networks())
    compiled.compile(**{name: value})

    assert getattr(saved(compiled, tmp_path), name) is value


def test_a_gan_that_was_never_compiled_is_saved_too(tmp_path):
    fresh = ConditionalGAN(*networks(), name="fresh")

    loaded = saved(fresh, tmp_path)

    assert loaded.name == "fresh" and not loaded.compiled
    assert_same(values(fresh.weights), values(loaded.weights), rtol=0)


@pytest.mark.slow
def test_exported_it_serves_what_its_generator_network_makes(tmp_path):
    compiled = gan()
    read = [DRAWN[t.name] for t in compiled.generator_network.inputs]

    compiled.export(tmp_path / "served", verbose=False)

    reloaded = tf.saved_model.load(tmp_path / "served")
    served = reloaded.serve(read)
    made = compiled.predict(DRAWN, verbose=0)
    assert set(served) == {"numbers", "size"}
    for name in served:
        np.testing.assert_allclose(served[name], made[name], rtol=1e-5)


@pytest.mark.slow
def test_without_optimisers_each_network_gets_its_own():
    compiled = ConditionalGAN(*networks())
    compiled.compile()

    pair = compiled.optimizer, compiled.discriminator_optimizer
    assert pair[0] is not pair[1] and compiled.smoothing == 0.1
    assert [(type(one), one.beta_1) for one in pair] == [(Adam, 0.5)] * 2


# Misuse


def of_image(shape=(2, 2, 1), name="image"):
    return projection_discriminator({name: shape}, 3, (4,))


def image_network():
    return conditional_generator((2, 2, 1), 4, 3, (4,))


def ending(*layers, label_shape=()):
    """A discriminator of an image with other last layers."""
    label = keras.Input(label_shape, dtype="int32", name="label")
    image = keras.Input((2, 2, 1), name="image")
    x = keras.layers.Flatten()(image)
    for layer in layers:
        x = layer(x)
    return keras.Model([label, image], x)


class Own(keras.Model):
    pass


def in_a_list(network):
    return keras.Model(network.inputs, [network.output])


def in_a_dict(network):
    return keras.Model(network.inputs, {"image": network.output})


def fed_a_dict(network):
    named = {tensor.name: tensor for tensor in network.inputs}
    return keras.Model(named, network.output)


def of_label_alone():
    label = keras.Input((), dtype="int32", name="label")
    one = keras.layers.Reshape((1,))(label)
    return keras.Model([label], keras.layers.Dense(1)(one))


def table(**options):
    return keras.layers.Embedding(3, 4, name="table", **options)


def reading(of_maker, of_judge):
    """Two networks of the same inputs, and of a table for the label."""
    label, noise, numbers = (
        keras.Input(shape, dtype=kind, name=name)
        for name, shape, kind in (
            ("label", (), "int32"),
            ("noise", (4,), "float32"),
            ("numbers", (2,), "float32"),
        )
    )
    joined = keras.layers.Concatenate()
    made = keras.layers.Dense(2)(joined([of_maker(label), noise]))
    logit = keras.layers.Dense(1)(joined([of_judge(label), numbers]))
    return (
        keras.Model([label, noise], made),
        keras.Model([label, numbers], logit),
    )


LISTED = (
    "expected a model of a list of named inputs, with one output. "
    "Received: {}. Build it as keras.Model([a, b], y)."
)
OTHER_INPUTS = (
    "discriminator: expected inputs for all that is made: {}. "
    "Received: {}. Give both networks the same names and shapes for the "
    "same things."
)
LOGIT = (
    "discriminator, output: expected one number (batch, 1) without "
    "activation, a logit. Received: (None, {}. End it with Dense(1)."
)
SHARED = (
    "generator_network and discriminator: expected weights of their own. "
    "Received: {} in both. Build a layer for each network: each optimiser "
    "would change one that they share, and a saved GAN would lose it."
)
UNFIT = {
    "no model": (
        lambda: (None, of_image()),
        "generator_network: " + LISTED.format("NoneType"),
    ),
    "a model of one's own": (
        lambda: (image_network(), Own()),
        "discriminator: " + LISTED.format("Own"),
    ),
    "inputs in a dict": (
        lambda: (
            image_network(),
            fed_a_dict(of_image()),
        ),
        "discriminator: " + LISTED.format("Functional"),
    ),
    "an output in a list": (
        lambda: (in_a_list(image_network()), of_image()),
        "generator_network: " + LISTED.format("Functional"),
    ),
    "a logit in a list": (
        lambda: (image_network(), in_a_list(of_image())),
        "discriminator: " + LISTED.format("Functional"),
    ),
    "a logit in a dict": (
        lambda: (image_network(), in_a_dict(of_image())),
        "discriminator: " + LISTED.format("Functional"),
    ),
    "another name": (
        lambda: (in_a_dict(image_network()), of_image(name="picture")),
        OTHER_INPUTS.format(
            "image (2, 2, 1), label ()", "label (), picture (2, 2, 1)"
        ),
    ),
    "a part too few": (
        lambda: (networks()[0], of_image((2,), "numbers")),
        OTHER_INPUTS.format(
            "label (), numbers (2,), size (2,)", "label (), numbers (2,)"
        ),
    ),
    "a part too many": (
        lambda: (one_tensor()[0], networks()[1]),
        OTHER_INPUTS.format(
            "label (), numbers (2,)", "label (), numbers (2,), size (2,)"
        ),
    ),
    "nothing to judge": (
        lambda: (image_network(), of_label_alone()),
        OTHER_INPUTS.format("label (), output (2, 2, 1)", "label ()"),
    ),
    "another shape": (
        lambda: (image_network(), of_image((2, 2, 3))),
        OTHER_INPUTS.format(
            "image (2, 2, 1), label ()", "image (2, 2, 3), label ()"
        ),
    ),
    "another shape of the label": (
        lambda: (
            image_network(),
            ending(keras.layers.Dense(1), label_shape=(1,)),
        ),
        OTHER_INPUTS.format(
            "image (2, 2, 1), label ()", "image (2, 2, 1), label (1,)"
        ),
    ),
    "two numbers": (
        lambda: (image_network(), ending(keras.layers.Dense(2))),
        LOGIT.format("2) linear"),
    ),
    "a probability": (
        lambda: (
            image_network(),
            ending(keras.layers.Dense(1, activation="sigmoid")),
        ),
        LOGIT.format("1) sigmoid"),
    ),
    "a reshaped probability": (
        lambda: (
            image_network(),
            ending(
                keras.layers.Dense(1, activation="sigmoid"),
                keras.layers.Reshape((1,)),
            ),
        ),
        LOGIT.format("1) sigmoid"),
    ),
    "a shared layer": (
        lambda: reading(*[table()] * 2),
        SHARED.format("table/embeddings"),
    ),
    "a shared layer that is frozen": (
        lambda: reading(*[table(trainable=False)] * 2),
        SHARED.format("table/embeddings"),
    ),
}


@pytest.mark.parametrize(("pair", "message"), UNFIT.values(), ids=UNFIT)
def test_networks_that_do_not_fit_are_refused(pair, message):
    with pytest.raises(ContractError) as caught:
        ConditionalGAN(*pair())

    assert str(caught.value) == message


def test_one_optimiser_for_both_is_refused():
    compiled, optimizer = ConditionalGAN(*networks()), Adam()

    with pytest.raises(ContractError, match="compile: .*same object twice"):
        compiled.compile(optimizer, optimizer)


@pytest.mark.parametrize(
    ("data", "received"),
    [
        ({"x": DRAWN}, "another form"),
        ({"x": DRAWN, "y": REAL["numbers"]}, "another form"),
        ({"x": [LABELS, DRAWN["noise"]], "y": REAL}, "another form"),
        (
            {"x": DRAWN, "y": REAL, "sample_weight": np.ones(N)},
            "sample weights as well",
        ),
    ],
    ids=["nothing real", "a bare array", "a list", "sample weights"],
)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_batches_of_another_form_are_refused(data, received, method):
    run = getattr(gan(), method)

    with pytest.raises(ContractError) as caught:
        run(**data, verbose=0)

    assert str(caught.value) == (
        "batch: expected (drawn, real), both dicts, real with label, "
        f"numbers, size. Received: {received}. Give what is real as "
        "targets by name, and no weights."
    )


@pytest.mark.slow
def test_inputs_and_layers_without_weights_may_be_shared(tmp_path):
    compiled = gan(made_of=lambda: reading(table(), table()))
    real = {name: REAL[name] for name in ("label", "numbers")}
    fit(compiled, real=real)

    assert_same(state(compiled), state(saved(compiled, tmp_path)), rtol=0)


ROLES = ["generator_network", "discriminator"]


def with_weights(network):
    """The first layer that learns."""
    return next(layer for layer in network.layers if layer.weights)


@pytest.mark.parametrize("name", ROLES)
def test_a_network_that_cannot_learn_is_refused(name):
    """Older recipes freeze the discriminator; here nobody needs to."""
    frozen = ConditionalGAN(*networks())
    getattr(frozen, name).trainable = False
    frozen.compile(jit_compile=False)

    with pytest.raises(ContractError, match="one without trainable weig"):
        frozen.fit(DRAWN, REAL, verbose=0)


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "a layer"])
@pytest.mark.parametrize("now", [True, False], ids=["unfrozen", "frozen"])
def test_what_is_trainable_may_not_change_after_compile(name, whole, now):
    changed = ConditionalGAN(*networks())
    network = getattr(changed, name)
    part = network if whole else with_weights(network)
    learning = [w.path for w in part.weights if w.trainable]
    part.trainable = not now
    changed.compile(jit_compile=False)
    part.trainable = now

    with pytest.raises(ContractError) as caught:
        changed.fit(DRAWN, REAL, verbose=0)

    first, more = learning[0], len(learning) - 1
    assert str(caught.value.problems[0]) == (
        f"{name}: expected what is trainable to be as it was at compile. "
        f"Received: {first}{f' and {more} more' if more else ''} frozen or "
        "unfrozen since. Compile again after changing trainable."
    )


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fit", "train_on_batch"])
def test_between_fits_it_changes_with_compile(method):
    compiled = gan()
    fit(compiled)
    layer = with_weights(compiled.discriminator)
    layer.trainable = False
    before = values(compiled.weights), values(layer.weights)

    with pytest.raises(
        ContractError, match="discriminator: .* again after"
    ):
        getattr(compiled, method)(DRAWN, REAL)

    assert_same(values(compiled.weights), before[0], rtol=0)
    compiled.compile(SGD(0.1), SGD(0.3), jit_compile=False)
    fit(compiled)
    assert_same(values(layer.weights), before[1], rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROLES)
def test_what_is_frozen_before_compile_stays_as_it_is(name):
    frozen = ConditionalGAN(*networks())
    layer = with_weights(getattr(frozen, name))
    layer.trainable = False
    frozen.compile(SGD(0.1), SGD(0.3), jit_compile=False)
    still, moving = layer.weights, frozen.trainable_weights
    before = values(still), values(moving)

    fit(frozen)

    assert_same(values(still), before[0], rtol=0)
    for was, is_now in zip(before[1], values(moving), strict=True):
        assert not np.array_equal(was, is_now)


def test_another_backend_is_refused(monkeypatch):
    fresh = ConditionalGAN(*networks())
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")

    with pytest.raises(
        RuntimeError,
        match="ConditionalGAN trains on TensorFlow alone. Received: "
        "backend='jax'. Set KERAS_BACKEND=tensorflow before Keras is",
    ):
        fresh.compile()


@pytest.mark.parametrize("name", ["optimizer", "loss", "metrics"])
def test_what_a_gan_does_without_is_refused(name):
    with pytest.raises(TypeError, match=name):
        ConditionalGAN(*networks()).compile(**{name: "mse"})
