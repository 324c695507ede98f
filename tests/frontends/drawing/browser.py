"""A headless Chromium driven through the DevTools protocol over a pipe: real clicks, keys and wheel turns."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One page in a browser of its own."""

    def __init__(self, executable: str, profile: Path, width: int = 1200, height: int = 800) -> None:
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio"]
        command = [executable, *options, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (down_read, up_write)]

        def place_ends() -> None:  # the browser reads commands from 3 and answers to 4
            for place, end in zip((3, 4), ends, strict=True):
                os.dup2(end, place)

        self._process = subprocess.Popen(
            command,
            preexec_fn=place_ends,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (down_read, up_write, *ends):
            os.close(end)
        self._commands, self._answers = os.fdopen(down_write, "wb"), os.fdopen(up_read, "rb")
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **size)

    def close(self) -> None:
        self._commands.close()
        self._answers.close()
        self._process.terminate()
        self._process.wait(20)

    def send(self, method: str, **parameters: Any) -> Any:
        """The answer to a command; what else happens meanwhile is only looked at for complaints."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> Any:
        while b"\0" not in self._buffer:
            data = self._answers.read1(1 << 16)
            if not data:
                raise RuntimeError("the browser has gone")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(text)
        if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.complaints.append(json.dumps(message["params"]))
        if message.get("method") == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            if not url.startswith(("file:", "data:")):
                self.complaints.append(f"request for {url}")
        return message

    def open(self, path: Path) -> None:
        self.send("Page.navigate", url=path.as_uri())
        while self.run("document.readyState") != "complete":
            pass

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.send("Emulation.setEmulatedMedia", features=features)

    def place_of(self, script: str) -> tuple[float, float]:
        """The middle of an element on the screen."""
        box = self.run(f"(({script}).getBoundingClientRect()).toJSON()")
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        self.send("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **more)

    def click(self, script: str) -> None:
        x, y = self.place_of(script)
        self.mouse("Pressed", x, y, button="left", clickCount=1)
        self.mouse("Released", x, y, button="left", clickCount=1)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.mouse("Pressed", *start, button="left", clickCount=1)
        self.mouse("Moved", (start[0] + end[0]) / 2, (start[1] + end[1]) / 2, button="left", buttons=1)
        self.mouse("Moved", *end, button="left", buttons=1)
        self.mouse("Released", *end, button="left", clickCount=1)

    def turn_wheel(self, x: float, y: float, by: float) -> None:
        self.mouse("Wheel", x, y, deltaX=0, deltaY=by)

    def key(self, key: str) -> None:
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        codes = {"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        code = codes.get(key, ord(key[0].upper()))
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))
