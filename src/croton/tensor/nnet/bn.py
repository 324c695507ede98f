"""Theano's place of batch normalisation."""

from croton.ops.normalization import batch_normalization, batch_normalization_test, batch_normalization_train

__all__ = ["batch_normalization", "batch_normalization_test", "batch_normalization_train"]
