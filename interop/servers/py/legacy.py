"""The server with an SDK 1.x: sessions, over stdio, Streamable HTTP and HTTP+SSE."""

import contextlib

import anyio
import mcp.types as types
import uvicorn
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.sse import SseServerTransport
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import McpError
from mcp.shared.message import ServerMessageMetadata
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from surface import SEEN, S, Refusal, call_tool, complete, contents, get_prompt, lists, since

RESULTS = {"form": "ElicitResult", "url": "ElicitResult", "sample": "CreateMessageResult", "roots": "ListRootsResult"}
RESULTS["sample_tools"] = "CreateMessageResultWithTools"
# By the session, since one server object serves all of them.
SESSIONS = {}


class Session:
    def __init__(self):
        self.subscribed, self.level = set(), "info"


def session_of(server):
    return SESSIONS.setdefault(id(server.request_context.session), Session())


class Context:
    """The way to the client of one request."""

    def __init__(self, server):
        self.request = server.request_context
        self.session = self.request.session
        self.state = session_of(server)
        self.level = self.state.level

    async def progress(self, progress, total, message):
        token = self.request.meta and self.request.meta.progressToken
        if token is None:
            return
        # The older releases send it on the stream of the session, the newer ones on that of the request.
        related = {"related_request_id": str(self.request.request_id)} if since("2025-03-26") else {}
        if since("2025-03-26"):
            related["message"] = message
        await self.session.send_progress_notification(token, progress, total, **related)

    async def log(self, level, data):
        related = {"related_request_id": str(self.request.request_id)} if since("2025-03-26") else {}
        await self.session.send_log_message(level=level, data=data, logger="interop", **related)

    async def wait(self, seconds):
        try:
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            SEEN["cancelled"] += 1
            raise

    async def ask(self, wanted):
        answers = {}

        async def one(name, request):
            kind = {"elicitation/create": "ElicitRequest", "sampling/createMessage": "CreateMessageRequest"}
            model = getattr(types, kind.get(request["method"], "ListRootsRequest"))
            result = getattr(types, RESULTS[name], None) or types.CreateMessageResult
            extra = {}
            if since("2025-06-18"):
                extra["metadata"] = ServerMessageMetadata(related_request_id=self.request.request_id)
            sent = types.ServerRequest(model.model_validate(request))
            answer = await self.session.send_request(sent, result, **extra)
            answers[name] = answer.model_dump(mode="json", by_alias=True, exclude_none=True)

        async with anyio.create_task_group() as group:
            for name, request in wanted.items():
                group.start_soon(one, name, request)
        return answers

    async def changed(self, what):
        await getattr(self.session, f"send_{what[:-1]}_list_changed")()

    async def updated(self, uri):
        if uri in self.state.subscribed:
            await self.session.send_resource_updated(uri)


def new_server(release):
    server = Server("interop", version=release, instructions=S["instructions"])

    def on(request, result, handle):
        async def answer(req):
            params = req.params.model_dump(mode="json", by_alias=True, exclude_none=True) if req.params else {}
            try:
                value = await handle(params)
            except Refusal as error:
                data = types.ErrorData(code=error.code, message=error.message, data=error.data)
                raise McpError(data) from None
            return types.ServerResult(result.model_validate(value))

        server.request_handlers[request] = answer

    def of_list(method):
        async def answer(params):
            return lists(method, params.get("cursor"))

        return answer

    on(types.ListToolsRequest, types.ListToolsResult, of_list("tools/list"))
    on(types.ListResourcesRequest, types.ListResourcesResult, of_list("resources/list"))
    on(types.ListResourceTemplatesRequest, types.ListResourceTemplatesResult, of_list("resources/templates/list"))
    on(types.ListPromptsRequest, types.ListPromptsResult, of_list("prompts/list"))

    async def call(params):
        return await call_tool(params, Context(server))

    async def read(params):
        return {"contents": contents(params["uri"])}

    async def prompt(params):
        return get_prompt(params)

    async def completion(params):
        return complete(params)

    async def subscribe(params):
        session_of(server).subscribed.add(params["uri"])
        return {}

    async def unsubscribe(params):
        session_of(server).subscribed.discard(params["uri"])
        return {}

    async def set_level(params):
        session_of(server).level = params["level"]
        return {}

    on(types.CallToolRequest, types.CallToolResult, call)
    on(types.ReadResourceRequest, types.ReadResourceResult, read)
    on(types.GetPromptRequest, types.GetPromptResult, prompt)
    on(types.CompleteRequest, types.CompleteResult, completion)
    on(types.SubscribeRequest, types.EmptyResult, subscribe)
    on(types.UnsubscribeRequest, types.EmptyResult, unsubscribe)
    on(types.SetLevelRequest, types.EmptyResult, set_level)

    async def roots_changed(_):
        SEEN["rootsChanged"] += 1

    server.notification_handlers[types.RootsListChangedNotification] = roots_changed
    changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    server.notification_options = changes
    offered = server.get_capabilities

    def capabilities(options, experimental):
        found = offered(changes, experimental)
        # Some releases never say so by themselves.
        found.resources.subscribe = True
        return found

    server.get_capabilities = capabilities
    return server


async def stdio(release):
    server = new_server(release)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def serve(app, port):
    await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error")).serve()


async def http(release, port, stateless):
    manager = StreamableHTTPSessionManager(new_server(release), json_response=stateless, stateless=stateless)

    @contextlib.asynccontextmanager
    async def lifespan(_):
        async with manager.run():
            yield

    # Those that a client has used: releases before 1.30 make one for whatever comes without.
    used = set()

    class Endpoint:
        async def __call__(self, scope, receive, send):
            session = dict(scope["headers"]).get(b"mcp-session-id")
            if session and scope["method"] != "DELETE":
                used.add(session)
            SEEN["sessions"] = len(used)
            await manager.handle_request(scope, receive, send)
            if scope["method"] == "DELETE":
                used.discard(session)

    await serve(Starlette(routes=[Route("/mcp", Endpoint(), methods=["GET", "POST", "DELETE"])], lifespan=lifespan), port)


async def sse(release, port):
    server = new_server(release)
    transport = SseServerTransport("/messages/")

    async def connected(request):
        SEEN["sessions"] += 1
        try:
            async with transport.connect_sse(request.scope, request.receive, request._send) as (read, write):
                await server.run(read, write, server.create_initialization_options())
        finally:
            SEEN["sessions"] -= 1
        return Response()

    routes = [Route("/sse", connected), Mount("/messages/", app=transport.handle_post_message)]
    await serve(Starlette(routes=routes), port)
