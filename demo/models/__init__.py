"""Models on the platform's catalogue: trained on what was known, tested on what came later, and scored online."""
