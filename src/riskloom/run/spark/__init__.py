"""The parts of a run that need a Spark session."""
