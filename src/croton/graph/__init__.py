"""What a program is: dtypes, dimensions, values, equations, graphs."""
