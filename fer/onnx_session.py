"""ONNX files in memory, run by ONNX Runtime on the processor."""

import time
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from fer.array_types import Float32Array
from fer.threads import number_of_threads

LOADING_ERRORS = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NoModel,
    errors.NotImplemented,
    errors.RuntimeException,
    errors.EPFail,
    OSError,
)
"""What ONNX Runtime raises, for files that it can't run and without memory; there is no common
class."""

SHRINK_INTERVAL = 60.0
"""Seconds from one return of unused memory to the next. ONNX Runtime keeps what its largest runs at
one time took, which on a page that many use grows for hours."""

ERRORS_ONLY = 3
"""ONNX Runtime's level of logging."""


class OnnxError(ValueError):
    """An ONNX file can't be used; the message gives the reason."""


class OnnxSession:
    """An ONNX file in memory; threads may share it. Other processes load it from its file.

    ONNX Runtime's telemetry is turned off where `fer` is imported.

    Attributes:
        outputs: The names of what it returns.
        metadata: What its writer put into the file beside the network.
    """

    def __init__(self, file: Path) -> None:
        """Load a file.

        Raises:
            OnnxError: ONNX Runtime can't read it.
        """
        self._file = file.absolute()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        # One thread, the caller's, on the page and in workers, which are forked. Others sleep while
        # there is nothing to do.
        options.intra_op_num_threads = number_of_threads()
        options.inter_op_num_threads = 1
        # It would keep a plan of its memory for each size of picture that ever came.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                file.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except LOADING_ERRORS as error:
            raise OnnxError(f"{file} can't be read by ONNX Runtime.") from error
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.outputs: list[str] = [output.name for output in self._session.get_outputs()]
        self._input = self._session.get_inputs()[0].name
        self._shrink = onnxruntime.RunOptions()
        self._shrink.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._shrunk = time.monotonic()

    def __reduce__(self) -> tuple[type["OnnxSession"], tuple[Path]]:
        """Pickle the file's path; the session itself can't be pickled."""
        return OnnxSession, (self._file,)

    def run(self, values: Float32Array) -> list[Float32Array]:
        """Return the outputs for its only input, in the order of `outputs`."""
        options = None
        if (now := time.monotonic()) - self._shrunk > SHRINK_INTERVAL:
            self._shrunk, options = now, self._shrink
        inputs = {self._input: values}
        found: list[Float32Array] = self._session.run(self.outputs, inputs, options)
        return found
