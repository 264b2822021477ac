"""What a worker uses that the kernel doesn't bound, seen from its parent."""

import subprocess
import sys
import time

import pytest

from fer.sandbox.limits import excess

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")


@pytest.mark.parametrize(("opened", "found"), [("log.txt", ""), ("own.bin", "bytes")])
def test_a_log_that_is_inherited_is_not_its_own(tmp_path, opened, found):
    """However long the page's log has grown."""
    log = tmp_path / "log.txt"
    for file in (log, tmp_path / "own.bin"):
        file.write_bytes(bytes(2_000_000))
    (tmp_path / "made").mkdir()
    with log.open("ab") as output:
        script = f"file = open({str(tmp_path / opened)!r}); print(flush=True); input()"
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=output
        )
        deadline = time.monotonic() + 20
        while log.stat().st_size == 2_000_000 and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            assert excess(process.pid, tmp_path / "made", 1_000_000) == found
        finally:
            process.kill()
            process.communicate()
