import keras
import numpy as np
import pytest
from catalogue import BUILDERS

from companion.lab.evaluation import layers_of

ROWS = 6
OWN = {name: row for name, row in BUILDERS.items() if row.own_layer}
OTHERS = {name: row for name, row in BUILDERS.items() if name not in OWN}


@pytest.fixture(params=BUILDERS.values(), ids=BUILDERS)
def row(request):
    keras.utils.set_random_seed(0)
    return request.param


def data_for(model):
    rng = np.random.default_rng(0)
    return {tensor.name: batch_for(tensor, rng) for tensor in model.inputs}


def batch_for(tensor, rng):
    """Numbers, or numbers of classes; an axis of any length has 8."""
    shape = ROWS, *(length or 8 for length in tensor.shape[1:])
    if tensor.dtype == "float32":
        return rng.random(shape, "float32")
    return rng.integers(0, 5, shape, "int32")


def moved(weights):
    """Weights off their first values, so that none is 0."""
    rng = np.random.default_rng(0)
    return [w + 0.1 * rng.random(w.shape, "float32") for w in weights]


def shapes_of(weights):
    return [weight.shape for weight in weights]


def assert_close(answer, other, rtol=1e-5):
    """Also of answers that are a dict by name."""
    keras.tree.assert_same_structure(answer, other)
    for one, two in zip(*map(keras.tree.flatten, (answer, other))):
        np.testing.assert_allclose(one, two, rtol=rtol)


@pytest.mark.parametrize("row", OTHERS.values(), ids=OTHERS)
def test_it_is_built_as_the_plain_keras_model(row):
    assert layers_of(row.build()) == layers_of(row.plain())


@pytest.mark.parametrize("row", OWN.values(), ids=OWN)
def test_a_layer_of_ours_has_the_weights_of_the_plain_keras_model(row):
    model, plain = row.build(), row.plain()

    assert shapes_of(model.weights) == shapes_of(plain.weights)
    assert shapes_of(model.trainable_weights) == shapes_of(
        plain.trainable_weights
    )


@pytest.mark.slow
def test_it_computes_what_the_plain_keras_model_computes(row):
    model, plain = row.build(), row.plain()
    model.set_weights(moved(model.get_weights()))
    plain.set_weights(model.get_weights())
    data = data_for(model)

    assert_close(model.predict_on_batch(data), plain.predict_on_batch(data))


def test_the_declared_shape_is_the_actual_one(row):
    model = row.build()

    answer = model.predict_on_batch(data_for(model))

    keras.tree.assert_same_structure(answer, model.output)
    for one, declared in zip(
        *map(keras.tree.flatten, (answer, model.output))
    ):
        assert one.shape == (ROWS, *declared.shape[1:])


def test_names_decide_and_not_the_order_of_keys(row):
    model = row.build()
    data = data_for(model)
    turned = dict(reversed(data.items()))

    assert_close(
        model.predict_on_batch(data), model.predict_on_batch(turned), rtol=0
    )


@pytest.mark.slow
def test_it_comes_back_from_a_file_in_safe_mode(row, tmp_path):
    model = row.build()
    data = data_for(model)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", safe_mode=True
    )

    assert [tensor.name for tensor in loaded.inputs] == list(data)
    assert_close(
        loaded.predict_on_batch(data), model.predict_on_batch(data)
    )


@pytest.mark.slow
def test_a_training_step_lowers_the_loss(row):
    model = row.build()
    model.compile(keras.optimizers.SGD(1e-3), loss=row.loss)
    data, targets = data_for(model), row.targets(ROWS)
    statistics = [
        (variable, keras.ops.convert_to_numpy(variable))
        for variable in model.non_trainable_variables
    ]

    def loss_before_a_step():
        """Always with the same random numbers, where layers draw any."""
        for variable, value in statistics:
            variable.assign(value)
        model.reset_metrics()
        logs = model.train_on_batch(data, targets, return_dict=True)
        return logs["loss"]

    assert loss_before_a_step() > loss_before_a_step()


def test_the_same_seed_gives_the_same_weights(row):
    first = row.build().get_weights()
    keras.utils.set_random_seed(0)
    again = row.build().get_weights()
    other = row.build().get_weights()

    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))
