"""Many photos and videos in, tables of parquet out: resumable, in several processes or machines."""
