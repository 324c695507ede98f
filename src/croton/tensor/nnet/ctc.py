"""Theano's place of connectionist temporal classification."""

from croton.ops.ctc import ctc, ctc_decode, ctc_loss
from croton.ops.ctc_beams import ctc_beam_search

__all__ = ["ctc", "ctc_beam_search", "ctc_decode", "ctc_loss"]
