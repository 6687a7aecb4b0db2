"""The demonstration: real logs, all the way to a served feature."""
