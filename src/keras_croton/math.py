"""Keras's math functions."""
