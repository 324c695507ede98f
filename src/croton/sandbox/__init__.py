"""Where Theano kept its other random streams."""
