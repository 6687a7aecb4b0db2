"""A study of a simulation: its rates, its seasons, and how hard its attacks are to find."""
