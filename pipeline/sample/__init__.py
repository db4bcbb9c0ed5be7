"""Films that look like chest X-rays, drawn from a seed: the input of the demo and of the tests."""
