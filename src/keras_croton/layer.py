"""What a layer of Keras is on this backend: nothing more than on the others."""


class CrotonLayer:
    """The base of `keras.Layer`."""
