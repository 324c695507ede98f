"""Keras's functions of neural networks."""
