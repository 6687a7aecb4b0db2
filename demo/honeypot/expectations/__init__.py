"""What must hold of a honeypot's events."""
