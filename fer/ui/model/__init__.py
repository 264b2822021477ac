"""The Model tab: what the network in use gets right and wrong, and two networks on one photo."""
