"""The lake as Spark sees it: session, publish, changes."""
