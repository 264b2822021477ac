"""Everything `python train.py` needs: data, augmentation, metrics, the recipe."""
