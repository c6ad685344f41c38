"""Two networks that train each other: a conditional GAN.

GAN is short for *generative adversarial network*. One network makes
samples, the other, the discriminator, tells them from real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from companion.errors import ContractError, Problem
from companion.graph import last_activation


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

    Metrics:
        ``generator_loss`` and ``discriminator_loss`` say nothing about
        quality: as one falls, the other rises. ``real_accuracy`` is the
        share of real samples that the discriminator takes for real,
        ``generated_accuracy`` that of generated ones it sees through. Both
        near 1: the generator network has lost. In an even game the first is
        the lower one, for smoothing makes the discriminator doubt.

    Raises:
        ContractError: If the networks do not fit each other.

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
        problem = _network_problem(generator_network, discriminator)
        if problem:
            raise ContractError(problem)
        self.generator_network = generator_network
        self.discriminator = discriminator
        self._bce = keras.losses.BinaryCrossentropy(from_logits=True)
        self._means = [
            keras.metrics.Mean(name)
            for name in (
                "generator_loss",
                "discriminator_loss",
                "real_accuracy",
                "generated_accuracy",
            )
        ]
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
        """Gives each network an optimiser.

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
        backend = keras.backend.backend()
        if backend != "tensorflow":
            raise RuntimeError(
                "ConditionalGAN trains on TensorFlow alone. Received: "
                f"backend={backend!r}. Set KERAS_BACKEND=tensorflow before "
                "Keras is imported, or load with compile=False."
            )
        first, second = (
            keras.optimizers.get(
                optimizer or keras.optimizers.Adam(beta_1=0.5)
            )
            for optimizer in (generator_optimizer, discriminator_optimizer)
        )
        if first is second:
            raise ContractError(
                Problem(
                    "compile",
                    "two optimisers",
                    "the same object twice",
                    "Make one for each network: an optimiser remembers the "
                    "gradients of its own weights.",
                )
            )
        super().compile(
            optimizer=first,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        scaling = keras.optimizers.LossScaleOptimizer
        if isinstance(self.optimizer, scaling):  # of Keras: mixed_float16
            scaled = isinstance(second, scaling)
            second = second if scaled else scaling(second)
        self.discriminator_optimizer = second
        self.smoothing = smoothing
        self.optimizer.build(self.generator_network.trainable_variables)
        second.build(self.discriminator.trainable_variables)

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
        networks = (self.generator_network, self.discriminator)
        if not all(network.trainable_variables for network in networks):
            raise ContractError(
                Problem(
                    "fit",
                    "two networks that learn",
                    "one without trainable weights",
                    "Leave trainable = True: each optimiser changes its "
                    "own network alone.",
                )
            )
        gradients = [
            tape.gradient(loss, network.trainable_variables)
            for tape, loss, network in zip(tapes, scaled, networks)
        ]
        for optimizer, gradient in zip(self._optimizers, gradients):
            optimizer.apply(gradient)
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        """The metrics of one batch; nothing is learned."""
        self._judge(data, training=False)
        return self.get_metrics_result()

    @property
    def _optimizers(self) -> tuple[Any, Any]:
        return self.optimizer, self.discriminator_optimizer

    def _judge(self, data: Any, training: bool) -> tuple[Any, Any]:
        """The loss of each network on one batch; keeps the metrics."""
        drawn, real, weights = keras.utils.unpack_x_y_sample_weight(data)
        both = isinstance(drawn, Mapping) and isinstance(real, Mapping)
        if not both or weights is not None:
            names = ", ".join(_inputs_of(self.discriminator))
            raise ContractError(
                Problem(
                    "batch",
                    f"(drawn, real), both dicts, real with {names}",
                    "sample weights as well" if both else "another form",
                    "Give what is real as targets by name, and no weights.",
                )
            )
        made = self.generator_network(drawn, training=training)
        if not isinstance(made, Mapping):
            (name,) = made_tensors(
                self.generator_network, self.discriminator
            )
            made = {name: made}
        judged = {
            name: made[name] if name in made else drawn[name]
            for name in _inputs_of(self.discriminator)
        }
        on_made = self.discriminator(judged, training=training)
        on_real = self.discriminator(real, training=training)
        yes, no = ops.ones_like(on_made), ops.zeros_like(on_made)
        sure = ops.full_like(on_real, 1 - self.smoothing)
        losses = (
            self._bce(yes, on_made),
            self._bce(sure, on_real) + self._bce(no, on_made),
        )
        shares = [
            ops.mean(ops.cast(right, "float32"))
            for right in (on_real > 0, on_made < 0)
        ]
        count = ops.shape(on_real)[0]  # the last batch may be shorter
        for mean, value in zip(self._means, (*losses, *shares)):
            mean.update_state(value, count)
        return losses

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


def _inputs_of(network: keras.Model) -> dict[str, keras.KerasTensor]:
    return {tensor.name: tensor for tensor in network.inputs}


def made_tensors(
    maker: keras.Model, judge: keras.Model
) -> dict[str, keras.KerasTensor]:
    """What one network makes, under the names the other has for it."""
    if isinstance(maker.output, Mapping):
        return dict(maker.output)
    read = _inputs_of(maker)
    names = [name for name in _inputs_of(judge) if name not in read]
    return {names[0] if names else "output": maker.output}


def _network_problem(maker: Any, judge: Any) -> Problem | None:
    """Why one network cannot judge what the other makes."""
    tensor = keras.KerasTensor
    for role, network, output in (
        ("generator_network", maker, (tensor, Mapping)),
        ("discriminator", judge, tensor),
    ):
        listed = isinstance(getattr(network, "input", None), (list, tuple))
        if not listed or not isinstance(network.output, output):
            return Problem(
                role,
                "a model of a list of named inputs, with one output",
                type(network).__name__,
                "Build it as keras.Model([a, b], y).",
            )
    judged = _inputs_of(judge)
    both = {n: t for n, t in _inputs_of(maker).items() if n in judged}
    offered = both | made_tensors(maker, judge)
    if _shapes(judged) != _shapes(offered):
        return Problem(
            "discriminator",
            f"inputs for all that is made: {_described(offered)}",
            _described(judged),
            "Give both networks the same names and shapes for the same "
            "things.",
        )
    activation = last_activation(judge.output)
    if judge.output_shape[1:] != (1,) or activation not in ("", "linear"):
        return Problem(
            "discriminator, output",
            "one number (batch, 1) without activation, a logit",
            f"{judge.output_shape} {activation}".strip(),
            "End it with Dense(1).",
        )
    return None


def _shapes(
    tensors: Mapping[str, keras.KerasTensor],
) -> dict[str, tuple[int | None, ...]]:
    """Name to shape after the batch axis."""
    return {name: tuple(t.shape[1:]) for name, t in tensors.items()}


def _described(tensors: Mapping[str, keras.KerasTensor]) -> str:
    shapes = _shapes(tensors)
    return ", ".join(f"{name} {shapes[name]}" for name in sorted(shapes))
