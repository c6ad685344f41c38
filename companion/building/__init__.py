"""From inputs to answers: what a model is made of."""
