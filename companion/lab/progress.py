"""A line that tells how far a training is, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

#: Seconds between two states of the line.
_PAUSE = 0.5


class Progress(keras.callbacks.Callback):
    """Shows epoch, seconds and losses while a notebook trains.

    A reader who runs the page sees one line that changes. When training
    ends it is gone: a stored page has no trace of it, and its outputs
    compare. Outside of a notebook nothing is shown; ``verbose=1`` does.

    Taught in the chapter *Several inputs*.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> x = keras.ops.ones((4, 2))
        >>> history = model.fit(
        ...     x, x[:, :1], callbacks=[Progress()], verbose=0
        ... )
    """

    def __init__(self) -> None:
        super().__init__()
        self._line: DisplayHandle | None = None
        self._started = self._shown = 0.0
        self._epoch = 0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Opens the line, with nothing in it."""
        self._started, self._shown = time.perf_counter(), 0.0
        if hasattr(get_ipython(), "kernel"):
            # Comparing outputs looks at what is shown first: nothing.
            self._line = display({}, raw=True, display_id=True)

    def on_epoch_begin(
        self, epoch: int, logs: Mapping[str, Any] | None = None
    ) -> None:
        """Counts."""
        self._epoch = epoch + 1

    def on_train_batch_end(
        self, batch: int, logs: Mapping[str, Any] | None = None
    ) -> None:
        """Tells of the epoch that runs, not too often."""
        steps = (self.params or {}).get("steps")
        of = f" of {steps}" if steps else ""
        self._tell(f"step {batch + 1}{of}", logs)

    def on_epoch_end(
        self, epoch: int, logs: Mapping[str, Any] | None = None
    ) -> None:
        """Tells of the epoch, validation included."""
        self._tell("done", logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Takes the line away."""
        if self._line is not None:
            self._line.update({}, raw=True)
            self._line = None

    def _tell(self, step: str, logs: Mapping[str, Any] | None) -> None:
        now = time.perf_counter()
        if self._line is None or now - self._shown < _PAUSE:
            return
        self._shown = now
        of = (self.params or {}).get("epochs")
        state = [
            f"epoch {self._epoch} of {of}, {step}",
            f"{now - self._started:.0f} s",
            *(
                f"{name} {value:.4g}"
                for name, value in (logs or {}).items()
            ),
        ]
        self._line.update({"text/plain": "; ".join(state)}, raw=True)
