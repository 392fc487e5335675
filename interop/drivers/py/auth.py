"""Logs in to a protected server with the Python SDK 2.x and prints one JSON line per feature.

    python auth.py URL DOCUMENT PREFIX

No person and no browser is there: the authorization server approves everything. DOCUMENT is the URL of the document
that says who this client is; names of tools begin with PREFIX. `INTEROP_EXPIRES` is after how many seconds a token is
refused.
"""

import json
import os
import sys
import traceback
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

URL, DOCUMENT, PREFIX = sys.argv[1:4]
EXPIRES = float(os.environ["INTEROP_EXPIRES"])
CALLBACK = "http://127.0.0.1:53682/callback"


def report(feature, passed, detail):
    print(json.dumps({"feature": feature, "ok": passed, "detail": detail or ""}), flush=True)


def same(what, got, want):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


class Storage:
    """What is kept of a login: in memory."""

    def __init__(self):
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Peer:
    """A user, who approves whatever is asked."""

    def __init__(self, user, document=None):
        self.user = user
        self.storage = Storage()
        self.asked = []
        metadata = OAuthClientMetadata(
            client_name="interop-py",
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code", "refresh_token"],
            token_endpoint_auth_method="none",
        )
        self.provider = OAuthClientProvider(
            URL, metadata, self.storage, self.redirect, self.callback, client_metadata_url=document
        )

    async def redirect(self, url):
        self.asked.append({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()})
        self.url = f"{url}&{urlencode({'login_hint': self.user})}"

    async def callback(self):
        """Goes where the browser would have gone, and comes back with what the redirect says."""
        same("response_type", self.asked[-1]["response_type"], "code")
        same("code_challenge_method", self.asked[-1]["code_challenge_method"], "S256")
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(self.url)
        back = answer.headers.get("location", "")
        if not back.startswith(CALLBACK):
            raise AssertionError(f"the answer of the authorization server is {answer.status_code} {back}")
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        same("error", parameters.get("error"), None)
        return AuthorizationCodeResult(code=parameters["code"], state=parameters["state"], iss=parameters["iss"])

    @asynccontextmanager
    async def connected(self):
        http = httpx2.AsyncClient(timeout=httpx2.Timeout(30, read=60), auth=self.provider)
        transport = streamable_http_client(URL, http_client=http)
        async with http, Client(transport, read_timeout_seconds=20, mode="auto") as client:
            self.client = client
            yield self

    async def call(self, name, args=None):
        result = await self.client.call_tool(PREFIX + name, args or {})
        if result.is_error:
            raise AssertionError(f"{name} failed: {result.content}")
        return result.content[0].text

    async def echo(self, message):
        same("echo", await self.call("echo", {"message": message}), message)

    async def sum(self):
        return json.loads(await self.call("add", {"a": 1, "b": 2}))["sum"]

    def bound(self):
        for asked in self.asked:
            same("resource", asked["resource"], URL)

    def scopes(self):
        return [" ".join(sorted(set(asked["scope"].split()) - {"offline_access"})) for asked in self.asked]


async def registered():
    async with Peer("alice").connected() as peer:
        client = peer.storage.client.client_id
        same(f"client {client} was registered", client.startswith("dyn-"), True)
        same("logins", len(peer.asked), 1)
        peer.bound()
        await peer.echo("registered")


async def document():
    async with Peer("bob", DOCUMENT).connected() as peer:
        same("client", peer.storage.client.client_id, DOCUMENT)
        same("logins", len(peer.asked), 1)
        peer.bound()
        await peer.echo("documented")


async def stepped_up():
    async with Peer("alice", DOCUMENT).connected() as peer:
        await peer.echo("before")
        same("logins", len(peer.asked), 1)
        same("sum", await peer.sum(), 3)
        same("scopes", peer.scopes(), ["mcp", "admin mcp"])
        same("again", await peer.sum(), 3)
        same("logins", len(peer.asked), 2)
        peer.bound()


async def refreshed():
    async with Peer("alice", DOCUMENT).connected() as peer:
        await peer.echo("before")
        before = peer.storage.tokens
        await anyio.sleep(EXPIRES + 1.5)
        await peer.echo("after")
        same("logins", len(peer.asked), 1)
        after = peer.storage.tokens
        same("there is another access token", after.access_token != before.access_token, True)
        same("there is another refresh token", after.refresh_token != before.refresh_token, True)


async def run():
    for row in (registered, document, stepped_up, refreshed):
        try:
            with anyio.fail_after(60):
                report(row.__name__, True, await row())
        except Exception as error:
            while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
                error = error.exceptions[0]
            if os.environ.get("INTEROP_TRACE"):
                traceback.print_exception(error)
            report(row.__name__, False, f"{type(error).__name__}: {error}")


anyio.run(run)
