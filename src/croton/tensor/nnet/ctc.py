"""Theano's place of connectionist temporal classification."""

from croton.ops.ctc import ctc, ctc_decode, ctc_loss

__all__ = ["ctc", "ctc_decode", "ctc_loss"]
