"""What needs more than windows: batch jobs, each of which writes a table that a batch view reads."""
