"""What a text does not say of its events: which session a line is of."""
