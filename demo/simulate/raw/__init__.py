"""Raw logs: how each source writes its lines, and what is wrong with some of them."""
