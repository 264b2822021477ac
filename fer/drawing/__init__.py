"""For the eye: drawing on pictures, and plots."""
