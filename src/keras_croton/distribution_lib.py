"""Keras's distribution_lib functions."""
