"""Part of the project whose raw files hold personal data."""
