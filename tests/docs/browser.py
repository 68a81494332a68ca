"""Pages in headless Chromium, which finds no host but gets what lies beside the page."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
OPTIONS = [
    "--headless",
    "--no-sandbox",  # in a container one is root, and Chromium then starts in no other way
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=20000",  # milliseconds for the page's scripts, which do not wait for them
    "--dump-dom",
]


def render(path):
    """Return the HTML of a page after its scripts have run, and the URLs on other hosts that it asked for."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "requests.json")
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder}/profile", f"--log-net-log={log}", path.as_uri()]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=300)
        return done.stdout, requests(json.loads(log.read_text("utf-8")))


def requests(log):
    """Return the URLs in Chromium's log that a page asked for; its own, which have no origin, are left out."""
    starts = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [
        event["params"] for event in log["events"] if event["type"] == starts and "url" in event.get("params", {})
    ]
    return [
        start["url"] for start in asked if start.get("initiator") != "not an origin" and start["url"][:4] == "http"
    ]
