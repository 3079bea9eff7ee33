"""The server of the page: on this machine only, every file of the page from this machine."""

from __future__ import annotations

import re
import socket
import urllib.request
import warnings
from typing import NoReturn

import solara.server.settings
import solara.settings
from solara.server import app, cdn_helper
from solara.server.starlette import ServerStarlette

from sim.errors import UserError
from sim.inputs.scenario import Scenario
from sim.reports.inspect import page

HOST = "127.0.0.1"
STARTING, LOOK = 30.0, 0.2  # seconds: to wait for the server; between two looks at it


def _missing(url: str) -> NoReturn:
    raise FileNotFoundError(f"{url} is not installed on this machine, and nothing is fetched from elsewhere")


def stay_here() -> None:
    """No statistics are sent, and no file of the page comes from another machine."""
    warnings.filterwarnings("ignore", "Cookies with samesite=none")  # meant for pages within other pages
    solara.server.settings.telemetry.mixpanel_enable = False
    solara.settings.assets.proxy = True  # the browser asks this server ...
    cdn_helper.fetch_from_cdn = _missing  # ... which has the files, and would otherwise fetch what it lacks


def serve(setting: Scenario, world: int, port: int) -> None:
    """Serve the page until the process is stopped; says where it is once it can be opened."""
    stay_here()
    _refuse_taken(port)
    solara.server.settings.theme.show_banner = False
    solara.server.settings.theme.title = setting.title or setting.name
    page.opening = page.Opening(setting, world)
    app.apps["__default__"] = app.AppScript(f"{page.__name__}:Page")
    server = ServerStarlette(port, HOST, log_level="warning")
    server.serve_threaded()
    server.wait_until_serving(STARTING)
    _check_files(f"http://{HOST}:{port}")
    print(f"One world of '{setting.name}' in the browser: http://{HOST}:{port}/\n{page.CAVEAT}. Stop with Ctrl-C.",
          flush=True)
    while server.is_alive():
        server.join(LOOK)


def _refuse_taken(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise UserError(f"--port {port}: cannot be used ({error.strerror}). Choose another one.", 1) from None


def _check_files(address: str) -> None:
    """What the page refers to is here; solara-assets of another version than solara would leave it blank."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{address}/") as answer:
        text = answer.read().decode()
    cache = solara.server.settings.assets.proxy_cache_dir
    missing = [path for path in re.findall(r'(?:href|src)="/_solara/cdn/+([^"]+)"', text)
               if not (cache / path).is_file()]
    if missing:
        raise UserError(f"inspect lacks the file {missing[0]} of its page: the packages solara and solara-assets must "
                        "be of one version. pip install -c constraints.txt -e '.[inspect]' installs them.", 1)
