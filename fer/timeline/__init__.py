"""Many frames over time: the series, its summary and moments, plots, files and the report."""
