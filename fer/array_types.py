"""Type aliases of arrays by their data type; docstrings give the shapes."""

import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]
"""Pictures: RGB (h, w, 3) unless a docstring has them grey (h, w)."""

Float32Array = NDArray[np.float32]
"""Boxes (n, 4), scores (n,), landmarks (n, 5, 2), probabilities (n, 7)."""

Float64Array = NDArray[np.float64]
FloatArray = NDArray[np.floating]
"""Floats of either precision: what comes out of arithmetic on boxes."""

Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
