"""Convolutions of images without channels, as Theano names them."""

from croton.ops.convolution import signal_conv2d as conv2d

__all__ = ["conv2d"]
