"""What is known and what was run: the registry of sourced facts, the store, the data sources."""
