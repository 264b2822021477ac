"""OpenCV's window, the only place besides `frame_sources` where pictures are BGR."""

import os
import subprocess
import sys

import cv2

from fer.array_types import UInt8Array

TITLE = "Facial expressions"

MAX_INITIAL_SIZE = (1280, 800)
"""Width and height in pixels that the window has at most when it opens."""

_WITHOUT_MODIFIERS = 0xFFFF
"""Bits of a key's code; some systems put modifiers, such as NumLock, above them."""

_NO_CHARACTER = 0x80
"""First code of keys that are no characters, such as arrows."""

_PROBE = "import cv2; cv2.namedWindow('probe'); cv2.destroyAllWindows()"


NO_WINDOWS = (
    "The window needs opencv-python, and here is opencv-python-headless, which has none: pip "
    "uninstall opencv-python-headless, then pip install opencv-python."
)


class DisplayError(ValueError):
    """There is no screen to show a window on; the message says what to do."""


class Window:
    """A window on the screen.

    Args:
        width: Width of the pictures, in pixels.
        height: Height of the pictures, in pixels.

    Raises:
        DisplayError: There is no screen.
    """

    def __init__(self, width: int, height: int) -> None:
        """Open it; larger pictures are shown smaller."""
        require_display()
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        scale = min(1.0, MAX_INITIAL_SIZE[0] / width, MAX_INITIAL_SIZE[1] / height)
        cv2.resizeWindow(TITLE, round(width * scale), round(height * scale))
        self._opened = False

    def show(self, image: UInt8Array) -> None:
        """Show RGB uint8 (h, w, 3)."""
        cv2.imshow(TITLE, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def key(self, milliseconds: int) -> str:
        """Wait for a key.

        Args:
            milliseconds: How long, at least 1.

        Returns:
            The key as a character; "" where none was pressed or it is no character (an arrow, say),
            "q" where the window was closed.
        """
        code = cv2.waitKeyEx(milliseconds)
        visible = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
        if self._opened and not visible:
            return "q"
        self._opened = visible  # a slow system takes a while to show it
        code = code & _WITHOUT_MODIFIERS if code >= 0 else _NO_CHARACTER
        return chr(code) if code < _NO_CHARACTER else ""

    def close(self) -> None:
        """Close it."""
        cv2.destroyAllWindows()


def require_display() -> None:
    """Make sure that a window can be opened.

    On Linux, OpenCV ends the whole program where there is no screen, so another one tries first.

    Raises:
        DisplayError: It can't.
    """
    if not cv2.currentUIFramework():
        raise DisplayError(NO_WINDOWS)
    if sys.platform != "linux":
        return
    named = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not named or subprocess.run([sys.executable, "-c", _PROBE], capture_output=True).returncode:
        raise DisplayError(
            "There is no screen to open a window on; run this on a desktop, or use the page: "
            "python app.py"
        )
