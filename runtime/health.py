"""Health and metrics over HTTP: whether the process is alive, whether it delivers, and its
figures."""

import errno
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.alarms import Alarms
from runtime.errors import SetupError
from runtime.metrics import ProcessMetrics


@dataclass(frozen=True, slots=True)
class Health:
    """What the process can do at the moment."""

    redis: bool
    """Redis answers, and its wake-up messages arrive."""
    platforms: Mapping[str, bool]
    """Per platform: whether this process delivers to it or stands by."""

    @property
    def ready(self) -> bool:
        """Whether Redis answers and at least one platform is served."""
        return self.redis and any(self.platforms.values())


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    look: Callable[[], Health],
    alarms: Alarms,
    metrics: Callable[[], ProcessMetrics],
) -> AsyncGenerator[int]:
    """Serve /healthz, /readyz and /metrics while inside the block; yields the port.

    Port 0 serves nothing.

    Raises SetupError if the address can't be used.
    """
    if port == 0:
        yield 0
        return

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        health = look()
        states = {"redis": health.redis, **health.platforms}
        reasons = {name: _reason(name) for name, well in states.items() if not well}
        reasons |= alarms.active
        body = {
            "ready": health.ready,
            **states,
            "degraded": [{"name": name, "reason": why} for name, why in reasons.items()],
        }
        return web.json_response(body, status=200 if health.ready else 503)

    async def counted(_: web.Request) -> web.Response:
        page = generate_latest(metrics().registry)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", counted),
        ]
    )
    # No route accepts a body: if one comes anyway, it isn't read to its end.
    runner = web.AppRunner(app, access_log=None, lingering_time=0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SetupError(_no_server(host, port, error)) from error
        yield port
    finally:
        await runner.cleanup()


def _no_server(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: set STORYWIRE_HTTP_PORT to a free one (0 serves nothing)"
    return (
        f"STORYWIRE_HTTP_HOST is wrong: this machine cannot serve at {host!r} "
        f"({error.strerror or error}). Write one of its addresses, such as 127.0.0.1"
    )


def _reason(name: str) -> str:
    if name == "redis":
        return "Redis does not answer"
    return f"not connected to {name.capitalize()}, or cards for it are stuck"
