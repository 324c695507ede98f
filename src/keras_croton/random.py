"""Keras's random numbers."""

from __future__ import annotations
