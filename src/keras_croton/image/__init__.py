"""Keras's functions on images."""
