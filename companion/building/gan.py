"""Two networks that train each other: a conditional GAN.

GAN is short for *generative adversarial network*. One network makes
samples, the other, the discriminator, tells them from real ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
from keras import ops

from companion.errors import ContractError, Problem
from companion.graph import inputs_of, last_activation

_ROLES = ("generator_network", "discriminator")


@keras.saving.register_keras_serializable("companion")
class ConditionalGAN(keras.Model):
    """Trains a network that makes samples by one that judges them.

    In each step the discriminator learns to tell real from generated, and
    the generator network to be taken for real. Each has an optimiser of
    its own, and never changes the weights of the other. Once trained,
    ``gan.generator_network`` is a model like any other; calling the GAN, or
    ``gan.predict``, is calling that.

    `check` knows this class: it compares what is drawn with the generator
    network, and what is real with the discriminator.

    Source: Goodfellow et al. (https://arxiv.org/abs/1406.2661), with labels
    for both networks as in Mirza and Osindero
    (https://arxiv.org/abs/1411.1784). Taught in the chapters *A conditional
    generator* and *Augmented rows*. Needs TensorFlow to train.

    Args:
        generator_network: A model of named inputs; its output is what it
            makes: one tensor, or a dict by name.
        discriminator: A model that reads what is made, by name, and what
            else of the same name both read, such as the label. Its output
            is one logit ``(batch, 1)``: above 0 for real.

    Fed with:
        Batches ``(drawn, real)``: a dict with the inputs of the generator
        network, and a dict with the inputs of the discriminator.

    Losses:
        What the layers of a network add counts in its loss alone, in
        training and in ``evaluate``. What regularises weights counts once.
        What a call adds (``add_loss``, or what regularises an activity)
        counts at each call: the discriminator is called on generated
        samples and on real ones.

    Metrics:
        ``generator_loss`` and ``discriminator_loss`` say nothing about
        quality: as one falls, the other rises. ``real_accuracy`` is the
        share of real samples that the discriminator takes for real,
        ``generated_accuracy`` that of generated ones it sees through. Both
        near 1: the generator network has lost. In an even game the first is
        the lower one, for smoothing makes the discriminator doubt.

    Raises:
        ContractError: If the networks do not fit each other, or share a
            weight.

    Example:
        >>> from companion import conditional_generator
        >>> from companion import projection_discriminator
        >>> gan = ConditionalGAN(
        ...     conditional_generator((8, 8, 1)),
        ...     projection_discriminator({"image": (8, 8, 1)}),
        ... )
        >>> gan.compile()
        >>> [metric.name for metric in gan.metrics][2:]
        ['real_accuracy', 'generated_accuracy']
    """

    def __init__(
        self,
        generator_network: keras.Model,
        discriminator: keras.Model,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        ContractError.raise_if(
            _network_problem(generator_network, discriminator)
        )
        self.generator_network = generator_network
        self.discriminator = discriminator
        self._bce = keras.losses.BinaryCrossentropy(from_logits=True)
        losses = ("generator_loss", "discriminator_loss")
        shares = ("real_accuracy", "generated_accuracy")
        self._means = [keras.metrics.Mean(n) for n in (*losses, *shares)]
        self.built = True

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        smoothing: float = 0.1,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
    ) -> None:
        """Gives each network an optimiser, for what is trainable now.

        Args:
            generator_optimizer: For the generator network, in the role of
                ``model.optimizer``; ``Adam(beta_1=0.5)`` if absent.
            discriminator_optimizer: For the discriminator; the same.
            smoothing: How far the discriminator is kept from certainty:
                its answer to a real sample should be 1 minus this.
            run_eagerly: As in ``Model.compile``.
            steps_per_execution: As in ``Model.compile``.
            jit_compile: As in ``Model.compile``.

        Raises:
            ContractError: If both optimisers are the same object.
            RuntimeError: If Keras does not run on TensorFlow.
        """
        _require_tensorflow()
        first, second = _two_optimizers(
            generator_optimizer, discriminator_optimizer
        )
        super().compile(
            optimizer=first,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        scaling = keras.optimizers.LossScaleOptimizer
        half = isinstance(self.optimizer, scaling)  # mixed_float16
        if half and not isinstance(second, scaling):
            second = scaling(second)
        self.discriminator_optimizer = second
        self.smoothing = smoothing
        for optimizer, network in zip(self._optimizers, self._networks):
            optimizer.build(network.trainable_variables)
        self._learning = frozenset().union(*map(_trainable, self._networks))

    def fit(self, *arguments: Any, **options: Any) -> Any:
        """Trains both networks, as ``Model.fit`` trains one.

        With ``use_ema``, each network then holds the averages that its own
        optimiser has kept.

        Raises:
            ContractError: If a batch has another form, if a network cannot
                learn, or if what is trainable changed after ``compile``.
        """
        call = inspect.signature(super().fit).bind(*arguments, **options)
        given = call.arguments.get("callbacks") or []
        # First, as in Keras: the others see, or replace, the averages.
        call.arguments["callbacks"] = [
            _Averages(),
            *keras.tree.flatten(given),
        ]
        return super().fit(*call.args, **call.kwargs)

    def make_train_function(self, force: bool = False) -> Any:
        """As in Keras, if the networks learn what they did at compile."""
        ContractError.raise_if(*self._trainable_problems())
        return super().make_train_function(force)

    def export(
        self, filepath: Any, *arguments: Any, **options: Any
    ) -> None:
        """Exports the generator network, as ``Model.export`` does.

        What is served takes a list, in the order of
        ``gan.generator_network.inputs``.
        """
        self.generator_network.export(filepath, *arguments, **options)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The four means, which Keras resets with each epoch."""
        return self._means

    def call(self, inputs: Mapping[str, Any], training: Any = None) -> Any:
        """What the generator network makes of its inputs."""
        return self.generator_network(inputs, training=training)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of each optimiser, on one batch."""
        import tensorflow as tf

        with tf.GradientTape() as for_maker, tf.GradientTape() as for_judge:
            losses = self._judge(data, training=True)
            scaled = [
                optimizer.scale_loss(loss)
                for optimizer, loss in zip(self._optimizers, losses)
            ]
        tapes = (for_maker, for_judge)
        gradients = [
            tape.gradient(loss, network.trainable_variables)
            for tape, loss, network in zip(tapes, scaled, self._networks)
        ]
        for optimizer, gradient in zip(self._optimizers, gradients):
            optimizer.apply(gradient)
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        """The metrics of one batch; nothing is learned."""
        self._judge(data, training=False)
        return self.get_metrics_result()

    @property
    def _networks(self) -> tuple[keras.Model, keras.Model]:
        return self.generator_network, self.discriminator

    @property
    def _optimizers(self) -> tuple[Any, Any]:
        return self.optimizer, self.discriminator_optimizer

    def _trainable_problems(self) -> Iterator[Problem]:
        """Why the networks would not learn what they were compiled for."""
        for role, network in zip(_ROLES, self._networks):
            now = _trainable(network)
            changed = [
                variable.path
                for variable in network.variables
                if (id(variable) in now) != (id(variable) in self._learning)
            ]
            if changed:
                yield Problem(
                    role,
                    "what is trainable to be as it was at compile",
                    f"{_some_of(changed)} frozen or unfrozen since",
                    "Compile again after changing trainable.",
                )
        if not all(map(_trainable, self._networks)):
            yield Problem(
                "fit",
                "two networks that learn",
                "one without trainable weights",
                "Leave trainable = True: each optimiser changes its own "
                "network alone.",
            )

    def _judge(self, data: Any, training: bool) -> tuple[Any, Any]:
        """The loss of each network on one batch; keeps the metrics."""
        drawn, real = self._parts_of(data)
        on_made, on_real, added = self._answers(drawn, real, training)
        yes, no = ops.ones_like(on_made), ops.zeros_like(on_made)
        sure = ops.full_like(on_real, 1 - self.smoothing)
        losses = (
            self._bce(yes, on_made) + added[0],
            self._bce(sure, on_real) + self._bce(no, on_made) + added[1],
        )
        shares = [
            ops.mean(ops.cast(right, "float32"))
            for right in (on_real > 0, on_made < 0)
        ]
        count = ops.shape(on_real)[0]  # the last batch may be shorter
        for mean, value in zip(self._means, (*losses, *shares)):
            mean.update_state(value, count)
        return losses

    def _parts_of(self, data: Any) -> tuple[Any, Any]:
        """What is drawn and what is real in one batch."""
        drawn, real, weights = keras.utils.unpack_x_y_sample_weight(data)
        both = isinstance(drawn, Mapping) and isinstance(real, Mapping)
        if not both or weights is not None:
            names = ", ".join(inputs_of(self.discriminator))
            raise ContractError.of(
                "batch",
                f"(drawn, real), both dicts, real with {names}",
                "sample weights as well" if both else "another form",
                "Give what is real as targets by name, and no weights.",
            )
        return drawn, real

    def _answers(
        self, drawn: Any, real: Any, training: bool
    ) -> tuple[Any, Any, tuple[Any, Any]]:
        """What the discriminator says of made and of real samples.

        And what the layers of each network add to its loss.
        """
        maker, judge = self._networks
        made = maker(drawn, training=training)
        of_maker = _total(maker.losses)
        if not isinstance(made, Mapping):
            (name,) = made_tensors(maker, judge)
            made = {name: made}
        judged = {
            name: made[name] if name in made else drawn[name]
            for name in inputs_of(judge)
        }
        # Each call forgets what the layers added in the one before.
        on_made = judge(judged, training=training)
        of_judge = _total(judge.losses)
        on_real = judge(real, training=training)
        of_judge += _total(judge.losses) - _total(_of_weights(judge))
        replicas = self.distribute_strategy.num_replicas_in_sync
        return on_made, on_real, (of_maker / replicas, of_judge / replicas)

    def get_config(self) -> dict[str, Any]:
        """What it takes to make the GAN again: both networks."""
        networks = {
            "generator_network": self.generator_network,
            "discriminator": self.discriminator,
        }
        config: dict = keras.saving.serialize_keras_object(networks)
        return {"name": self.name, **config}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> ConditionalGAN:
        """Makes the GAN again."""
        return cls(**keras.saving.deserialize_keras_object(config))

    def get_compile_config(self) -> dict[str, Any]:
        """What it takes to compile the GAN again."""
        if not self.compiled:
            return {}
        arguments = {
            "generator_optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "smoothing": self.smoothing,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": self.jit_compile,
        }
        config: dict = keras.saving.serialize_keras_object(arguments)
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the GAN as it was when it was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))


class _Averages(keras.callbacks.Callback):
    """Gives both networks their averaged weights after training.

    Keras does so for one optimiser.
    """

    def on_train_end(self, logs: Any = None) -> None:
        if not self.params["epochs"]:
            return
        gan = self.model
        for optimizer, network in zip(gan._optimizers, gan._networks):
            optimizer.finalize_variable_values(network.trainable_variables)


def _require_tensorflow() -> None:
    """Refuses a backend on which the GAN has no training step."""
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            "ConditionalGAN trains on TensorFlow alone. Received: "
            f"backend={backend!r}. Set KERAS_BACKEND=tensorflow before "
            "Keras is imported, or load with compile=False."
        )


def _two_optimizers(one: Any, other: Any) -> tuple[Any, Any]:
    """An optimiser for each network."""
    first, second = (
        keras.optimizers.get(optimizer or keras.optimizers.Adam(beta_1=0.5))
        for optimizer in (one, other)
    )
    if first is second:
        raise ContractError.of(
            "compile",
            "two optimisers",
            "the same object twice",
            "Make one for each network: an optimiser remembers the "
            "gradients of its own weights.",
        )
    return first, second


def _trainable(network: keras.Model) -> frozenset[int]:
    """Which variables of a network an optimiser changes."""
    return frozenset(map(id, network.trainable_variables))


def _total(losses: Iterable[Any]) -> Any:
    """The sum of what layers add to a loss."""
    dtype = keras.config.floatx()
    return sum(ops.sum(ops.cast(loss, dtype)) for loss in losses)


def _of_weights(network: keras.Model) -> Iterator[Any]:
    """What the regularisers of weights add, at every call the same."""
    for variable in network.trainable_weights:
        if variable.regularizer is not None:
            yield variable.regularizer(variable)


def _some_of(names: list[str]) -> str:
    """The first name, and how many more there are."""
    more = f" and {len(names) - 1} more" * (len(names) > 1)
    return names[0] + more


def made_tensors(
    maker: keras.Model, judge: keras.Model
) -> dict[str, keras.KerasTensor]:
    """What one network makes, under the names the other has for it."""
    if isinstance(maker.output, Mapping):
        return dict(maker.output)
    read = inputs_of(maker)
    names = [name for name in inputs_of(judge) if name not in read]
    return {names[0] if names else "output": maker.output}


def _network_problem(maker: Any, judge: Any) -> Problem | None:
    """Why one network cannot judge what the other makes."""
    tensor = keras.KerasTensor
    return (
        _form_problem(_ROLES[0], maker, (tensor, Mapping))
        or _form_problem(_ROLES[1], judge, (tensor,))
        or _fit_problem(maker, judge)
        or _logit_problem(judge)
        or _shared_problem(maker, judge)
    )


def _form_problem(
    role: str, network: Any, output: tuple[type, ...]
) -> Problem | None:
    """Why a network cannot be fed by name."""
    listed = isinstance(getattr(network, "input", None), (list, tuple))
    if listed and isinstance(network.output, output):
        return None
    return Problem(
        role,
        "a model of a list of named inputs, with one output",
        type(network).__name__,
        "Build it as keras.Model([a, b], y).",
    )


def _fit_problem(maker: Any, judge: Any) -> Problem | None:
    """Why the discriminator cannot read what is made."""
    judged = inputs_of(judge)
    both = {n: t for n, t in inputs_of(maker).items() if n in judged}
    offered = both | made_tensors(maker, judge)
    if _shapes(judged) == _shapes(offered):
        return None
    return Problem(
        "discriminator",
        f"inputs for all that is made: {_described(offered)}",
        _described(judged),
        "Give both networks the same names and shapes for the same things.",
    )


def _logit_problem(judge: Any) -> Problem | None:
    """Why what the discriminator says is no logit."""
    activation = last_activation(judge.output)
    if judge.output_shape[1:] == (1,) and activation in ("", "linear"):
        return None
    return Problem(
        "discriminator, output",
        "one number (batch, 1) without activation, a logit",
        f"{judge.output_shape} {activation}".strip(),
        "End it with Dense(1).",
    )


def _shared_problem(maker: Any, judge: Any) -> Problem | None:
    """Why the networks cannot be trained, or saved, apart."""
    own = set(map(id, maker.weights))
    shared = [v.path for v in judge.weights if id(v) in own]
    if not shared:
        return None
    return Problem(
        " and ".join(_ROLES),
        "weights of their own",
        f"{_some_of(shared)} in both",
        "Build a layer for each network: each optimiser would change one "
        "that they share, and a saved GAN would lose it.",
    )


def _shapes(
    tensors: Mapping[str, keras.KerasTensor],
) -> dict[str, tuple[int | None, ...]]:
    """Name to shape after the batch axis."""
    return {name: tuple(t.shape[1:]) for name, t in tensors.items()}


def _described(tensors: Mapping[str, keras.KerasTensor]) -> str:
    shapes = _shapes(tensors)
    return ", ".join(f"{name} {shapes[name]}" for name in sorted(shapes))
