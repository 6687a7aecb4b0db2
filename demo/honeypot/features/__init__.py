"""What is read of a honeypot."""
