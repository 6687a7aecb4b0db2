"""The packed online state: suffix aggregates of one entity's events, read in microseconds without any library."""
