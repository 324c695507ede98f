"""Inputs and outputs of functions with options."""

from croton.frontends.inputs import In, Out, Param

SymbolicInput, SymbolicOutput = In, Out

__all__ = ["In", "Out", "Param", "SymbolicInput", "SymbolicOutput"]
