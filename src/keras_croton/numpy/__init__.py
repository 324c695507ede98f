"""Keras's `numpy` functions, one file for each family."""

from keras_croton.numpy.arithmetic import *
from keras_croton.numpy.comparison import *
from keras_croton.numpy.contraction import *
from keras_croton.numpy.counting import *
from keras_croton.numpy.creation import *
from keras_croton.numpy.exponential import *
from keras_croton.numpy.indexing import *
from keras_croton.numpy.reductions import *
from keras_croton.numpy.shape import *
from keras_croton.numpy.sorting import *
from keras_croton.numpy.statistics import *
from keras_croton.numpy.trigonometric import *
from keras_croton.numpy.windows import *
from keras_croton.sparse_functions import extend_numpy

extend_numpy(globals())
