"""Theano's old place of convolutions: the filters are flipped, border_mode is "valid" or "full"."""

from croton.ops.convolution import image_conv2d as conv2d

__all__ = ["conv2d"]
