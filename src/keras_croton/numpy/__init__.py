"""Keras's functions that NumPy has too."""
