"""Part of the project that is worked out by hand."""
