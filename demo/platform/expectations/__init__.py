"""What must hold of a source's events before they are published: suites as data."""
