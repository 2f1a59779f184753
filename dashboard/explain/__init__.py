"""Explain this number: formula, inputs and arithmetic behind every headline figure."""
