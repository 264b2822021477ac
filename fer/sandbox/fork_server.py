"""The fork server of the workers ends at once when the page has gone; only it imports this.

Workers are killed when the server ends; to take its modules apart first would take seconds.
"""

import atexit
import os

atexit.register(os._exit, 0)
