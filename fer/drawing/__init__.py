"""Drawing faces and their expressions on pictures, and exporting them."""
