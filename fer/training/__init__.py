"""Training: options, augmentation, distillation, the Trainer, checkpoints and the report."""
