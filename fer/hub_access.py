"""What reading from the Hugging Face Hub and writing to it have in common."""

import re

from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

# The HTTP library that huggingface_hub uses, whichever that is; exported by a lazy __getattr__.
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")

TIMEOUT = 10.0
"""Timeout of requests to the Hub in seconds."""

UNREACHABLE_ERRORS = (httpx.RequestError, OfflineModeIsEnabled, LocalEntryNotFoundError)
"""What the client raises when the Hub is out of reach."""
