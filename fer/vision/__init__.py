"""Face detection, tracking, cropping and label smoothing."""
