"""What is computed: entities, sources, feature views by entity, and services."""
