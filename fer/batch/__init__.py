"""Many photos and videos in, tables of parquet out: resumable, in processes or on a cluster."""
