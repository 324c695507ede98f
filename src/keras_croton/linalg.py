"""Keras's linalg functions."""
