"""Graphs of Croton as operations of TensorFlow, for models that are to run where there is no Croton.

Each operation that models are made of has a rule, in the file of its family; operations that are made of
others are written out first. Gradients are not carried over.
"""

from keras_croton.tensorflow_graphs import arrays, loops, random_numbers, scalars, windows
from keras_croton.tensorflow_graphs.translation import Translation, UntranslatableError

__all__ = ["Translation", "UntranslatableError", "arrays", "loops", "random_numbers", "scalars", "windows"]
