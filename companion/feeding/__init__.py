"""From rows to batches: what `fit` is fed."""
