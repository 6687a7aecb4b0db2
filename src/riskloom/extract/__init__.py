"""Raw files to typed events: bronze, transform, staging, silver and quarantine."""
