"""Export of Keras models in other formats."""

from __future__ import annotations


class CrotonExportArchive:
    """The archive of `model.export`."""
