"""The small project that ``riskloom init`` writes."""
