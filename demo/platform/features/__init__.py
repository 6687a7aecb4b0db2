"""What is computed of the simulated platform: entities, sources, feature views by entity, and services."""
