"""What the server of workers imports before it forks them: all that a video or a photo needs."""

import matplotlib.backends.backend_agg
import matplotlib.backends.backend_svg  # noqa: F401

import fer.model.classifier
import fer.recording.sandboxed
import fer.sandbox.photos
import fer.timeline.plot
import fer.timeline.report
import fer.vision.detector  # noqa: F401
