"""The Recording tab."""
