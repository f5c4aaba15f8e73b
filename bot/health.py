"""Whether the process lives, whether it delivers, and what it counts: for whoever watches it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.metrics import Metrics
from bot.model.errors import SetupError

Checks = Callable[[], Mapping[str, bool]]


EVERYWHERE = "0.0.0.0"  # noqa: S104  # a container's health check comes from outside it


@asynccontextmanager
async def serve(
    port: int, checks: Checks, metrics: Callable[[], Metrics], host: str = EVERYWHERE
) -> AsyncGenerator[int]:
    """Serve /healthz, /readyz and /metrics while inside; yield the port. 0 serves nothing.

    Raises SetupError when the port is taken.
    """
    if port == 0:
        yield 0
        return

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        found = dict(checks())
        ready = all(found.values())
        return web.json_response({"ready": ready, **found}, status=200 if ready else 503)

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
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SetupError(
                f"port {port} is in use: set STORYWIRE_HTTP_PORT to a free one (0 serves nothing)"
            ) from error
        yield port
    finally:
        await runner.cleanup()
