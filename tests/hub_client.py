"""A process of its own in which the Hub's clients run; see `HubClient`."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

CHILD = """
import json, os, sys
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    scope = json.loads(line)
    try:
        exec(scope["code"], scope)
        answer = {"result": scope.get("result")}
    except Exception as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    answers.write(json.dumps(answer, default=str) + "\\n")
    answers.flush()
"""


class ClientError(Exception):
    """What was raised in the other process: its class's name, and its text."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class HubClient:
    """Runs code in a process that was started with the Hub's settings.

    The clients read these when they are imported. One process serves many calls, because the
    imports take long.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            cwd=ROOT,
            env=ours | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, **values: object) -> object:
        """Run code that knows `values`, and return what it calls `result`.

        Raises:
            ClientError: The code raised something.
        """
        self.process.stdin.write(json.dumps({"code": code, **values}, default=str) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ClientError(answer["error"], answer["message"])
        return answer["result"]

    def __enter__(self) -> "HubClient":
        return self

    def __exit__(self, *exception) -> None:
        self.process.stdin.close()
        self.process.wait(30)
