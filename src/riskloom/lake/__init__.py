"""Delta tables: reading, publishing, quarantine, and the jars that Spark needs for them."""
