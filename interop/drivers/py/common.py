"""What both drivers share: arguments, assertions, and the rows that are the same over every protocol version.

The values asserted are those of ../expect.json; what they mean is written in ../../everything.md.
"""

import inspect
import json
import os
import sys
from importlib import metadata
from pathlib import Path

import anyio

E = json.loads(Path(os.environ.get("INTEROP_EXPECT", Path(__file__).parent.parent / "expect.json")).read_text())
ME = {"name": "interop-py", "version": "1.0.0", "title": "Interop driver"}


def flag(argv, name):
    if argv[:1] != [name]:
        return None
    value = argv[1]
    del argv[:2]
    return value


ARGV = sys.argv[1:]
PROTOCOL = flag(ARGV, "--protocol") or E["revision"]
ONLY = flag(ARGV, "--only")
KIND, TARGET = ARGV[0] if ARGV else "", ARGV[1:]
if KIND not in ("--stdio", "--http", "--sse") or not TARGET:
    sys.exit("usage: driver.py [--protocol VERSION] [--only ROW,ROW] (--stdio COMMAND ARG... | --http URL | --sse URL)")


def since(version):
    """Whether the protocol version is this one or newer."""
    return PROTOCOL >= version


# --- assertions ------------------------------------------------------------------------------------------------


def show(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def same(what, got, want):
    # A comparison of JSON texts would tell 5 from 5.0, one of values would call 1 and True equal.
    if got != want or shape(got) != shape(want):
        raise AssertionError(f"{what}: got {show(got)[:600]}, want {show(want)[:600]}")


def shape(value):
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def ok(what, condition, detail=""):
    if not condition:
        raise AssertionError(f"{what} {detail}")


async def fails(what, code, awaitable, check=None):
    try:
        result = await awaitable
    except Exception as error:
        # The SDK 1.x keeps code and message in a member.
        fault = getattr(error, "error", error)
        if getattr(fault, "code", None) != code:
            raise AssertionError(f"{what}: failed with {type(error).__name__} {error}, want {code}") from None
        if check:
            check(fault)
        return
    raise AssertionError(f"{what}: got {show(wire(result))[:300]}, want error {code}")


async def until(what, condition, seconds=5.0):
    end = anyio.current_time() + seconds
    while (got := await condition()) is not True:
        if anyio.current_time() > end:
            raise AssertionError(f"{what}: not within {seconds} s, last {show(got)}")
        await anyio.sleep(0.02)


def wire(model):
    """A model as the JSON that was sent: no member that was absent, names as on the wire."""
    if isinstance(model, list):
        return [wire(one) for one in model]
    if isinstance(model, dict):
        return {key: wire(one) for key, one in model.items()}
    if hasattr(model, "model_dump"):
        return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return model


def text(value):
    return [{"type": "text", "text": value}]


def question(params):
    """What a question says, without the parts that may be left out."""
    params = {key: value for key, value in params.items() if key != "_meta"}
    if "requestedSchema" in params:
        schema = {key: value for key, value in params["requestedSchema"].items() if key != "$schema"}
        return {"mode": "form", **params, "requestedSchema": schema}
    return params


def block(one):
    """A block of content as the protocol version has it: what it does not know is text."""
    if one["type"] == "audio" and not since("2025-03-26"):
        return text(E["legacy"]["audio"])[0]
    if one["type"] == "resource_link" and not since("2025-06-18"):
        return text(E["legacy"]["link"])[0]
    return one


def accept(content):
    return lambda _params, _round: {"action": "accept", "content": content}


def say(action):
    return lambda _params, _round: {"action": action}


BAD_FORMS = ({"age": 36}, {"name": "Ada", "age": 200}, {"name": "Ada", "age": 36, "color": "mauve"})


def logs_from(first):
    """The messages of `log_levels` from this level on."""
    return [
        {"level": one, "logger": "everything", "data": {"message": f"a message at level {one}"}}
        for one in E["levels"][first:]
    ]


class Peer:
    """What one connection was asked, and the logs it saw."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.logs = []

    async def ask(self, what, params):
        self.asked.append(question(wire(params)))
        if what not in self.answers:
            raise AssertionError(f"the server asked for {what}, which no row expects here")
        answer = self.answers[what](self.asked[-1], len(self.asked))
        return await answer if inspect.isawaitable(answer) else answer

    async def log(self, params):
        self.logs.append({key: value for key, value in wire(params).items() if key != "_meta"})


class Rows:
    """One method per row, whose name is the feature and a line below it.

    The driver of an SDK adds `call`, `listing`, `read`, `prompt` and `completion`, which answer the JSON that was sent.
    """

    # helpers

    async def text_of(self, name, args=None, **options):
        result = await self.call(name, args, **options)
        content = result["content"]
        ok(f"{name} answers without isError", not result.get("isError"), show(content))
        ok(f"{name} answers one text", len(content) == 1 and content[0]["type"] == "text", show(content))
        ok(f"{name} has no structured content", result.get("structuredContent") is None)
        return content[0]["text"]

    async def structured(self, name, args=None, **options):
        """The JSON of an answer: as text always, and as structured content where the protocol version has it."""
        result = await self.call(name, args, **options)
        content = result["content"]
        ok(f"{name} answers without isError", not result.get("isError"), show(content))
        ok(f"{name} has one text twin", len(content) == 1 and content[0]["type"] == "text", show(content))
        value = json.loads(content[0]["text"])
        if since("2026-07-28") or (since("2025-06-18") and isinstance(value, dict)):
            ok(f"{name} has structured content", "structuredContent" in result, show(result))
            same(f"{name}: text twin", value, result["structuredContent"])
        else:
            ok(f"{name} has no structured content", "structuredContent" not in result, show(result))
        return value

    async def bad_arguments(self, what, name, args):
        if since("2025-11-25"):
            same(what, (await self.call(name, args)).get("isError"), True)
        else:
            await fails(what, -32602, self.call(name, args))

    async def no_resource(self, uri):
        await fails(uri, -32602 if since("2026-07-28") else -32002, self.read(uri))

    async def pages(self, method, key, count=None):
        items, cursor, seen = [], None, 0
        while True:
            page = await self.listing(method, cursor)
            items += page[key]
            cursor, seen = page.get("nextCursor"), seen + 1
            ok("pages end", seen < 50)
            if cursor is None:
                break
        if count is not None:
            same("pages", seen, -(-count // E["pageSize"]))
        return items

    async def asking(self, answers, body):
        self.peer.asked.clear()
        self.peer.answers = answers
        try:
            return await body, list(self.peer.asked)
        finally:
            self.peer.answers = {}

    async def cancelled(self):
        return (await self.structured("cancelled_count"))["cancelled"]

    async def until_cancelled(self, want):
        async def counted():
            now = await self.cancelled()
            return now == want or {"now": now, "want": want}

        await until("cancelled at the server", counted)

    # rows

    def agreed(self, version, info):
        """What was agreed on, and the release of the SDK; the server must introduce itself as the page says."""
        same("revision", version, PROTOCOL)
        info = dict(info)
        ok("the server names a version", info.pop("version"))
        same("serverInfo", info, E["serverInfo"])
        return f"{version}, {metadata.version('mcp')}"

    async def list_tools(self):
        tools = await self.pages("tools/list", "tools", len(E["tools"]))
        same("names", [tool["name"] for tool in tools], E["tools"])
        by = {tool["name"]: tool for tool in tools}
        echo = dict(by["echo"])
        schema = echo.pop("inputSchema")
        same("echo", echo, E["echoTool"])
        got = [schema["type"], list(schema["properties"]), schema["properties"]["message"]["type"], schema["required"]]
        same("echo schema", got, ["object", ["message"], "string", ["message"]])
        for name, kinds in E["outputTypes"].items():
            if since("2026-07-28") or (since("2025-06-18") and "object" in kinds):
                ok(f"output schema of {name}", by[name]["outputSchema"]["type"] in kinds, show(by[name]))
            else:
                ok(f"no output schema of {name}", "outputSchema" not in by[name], show(by[name]))
        if since("2025-06-18"):
            same("sum", by["add"]["outputSchema"]["required"], ["sum"])
        for name, header in E["headerNames"].items():
            properties = by["header_params"]["inputSchema"]["properties"]
            same(f"x-mcp-header of {name}", properties[name].get("x-mcp-header"), header)

    async def list_resources(self):
        same("resources", await self.pages("resources/list", "resources", len(E["resources"])), E["resources"])

    async def list_templates(self):
        got = await self.pages("resources/templates/list", "resourceTemplates", len(E["templates"]))
        same("templates", got, E["templates"])

    async def list_prompts(self):
        prompts = await self.pages("prompts/list", "prompts", len(E["prompts"]))
        for prompt in prompts:
            if prompt.get("arguments") == []:
                del prompt["arguments"]
            for argument in prompt.get("arguments", []):
                if argument.get("required") is False:
                    del argument["required"]
        same("prompts", prompts, E["prompts"])

    async def bad_cursor(self):
        for method in ("tools/list", "resources/list", "resources/templates/list", "prompts/list"):
            await fails(method, -32602, self.listing(method, "no such cursor"))

    async def echo(self):
        for message in E["hostile"]:
            same("echo", await self.text_of("echo", {"message": message}), message)
        got = {}

        async def one(i):
            got[i] = await self.text_of("echo", {"message": f"call {i}"})

        async with anyio.create_task_group() as group:
            for i in range(50):
                group.start_soon(one, i)
        same("50 at once", [got[i] for i in range(50)], [f"call {i}" for i in range(50)])

    async def structured_row(self):
        same("add", await self.structured("add", {"a": 2, "b": 3}), {"sum": 5})
        same("add", await self.structured("add", {"a": 2.5, "b": -0.25}), {"sum": 2.25})

    async def structured_values(self):
        for name, value in E["structured"].items():
            same(name, await self.structured(name), value)

    async def tool_error(self):
        result = await self.call("tool_error")
        same("isError", result.get("isError"), True)
        same("content", result["content"], text("the tool failed on purpose"))
        await self.bad_arguments("bad arguments", "add", {"a": "two", "b": 3})
        await self.bad_arguments("missing argument", "add", {"a": 2})

    async def protocol_error(self):
        def check(error):
            same("message", error.message, "refused on purpose")
            same("data", error.data, {"reason": "on purpose"})

        await fails("protocol_error", 4001, self.call("protocol_error"), check)
        await fails("unknown tool", -32602, self.call("no_such_tool"))

    async def panic(self):
        def check(error):
            ok("the message is sanitised", "panicked on purpose" not in error.message, error.message)

        await fails("panic", -32603, self.call("panic", seconds=5), check)
        same("alive", await self.text_of("echo", {"message": "alive"}), "alive")

    async def big(self):
        same("big", await self.text_of("big", {"kib": 1024}), "0123456789abcdef" * 65536)
        await self.bad_arguments("too big", "big", {"kib": 5000})

    async def progress(self):
        for steps, rest in ((5, 100), (200, 300)):
            got = []

            async def on_progress(progress, total, message):
                got.append([progress, total, message])

            said = await self.text_of("progress", {"steps": steps, "rest_ms": rest}, progress_callback=on_progress)
            same("answer", said, f"done in {steps} steps")
            await anyio.sleep(0.05)
            every = [[i, steps, f"step {i} of {steps}"] for i in range(1, steps + 1)]
            if steps == 5:
                same("steps", got, every)
            else:
                same("last", got[-1], every[-1])
                ok("increasing", all(a[0] < b[0] for a, b in zip(got, got[1:], strict=False)), show(got))
        same("without token", await self.text_of("progress"), "done in 3 steps")
        return f"{len(got)} of 200 arrived"

    async def give_up(self):
        """Tells the server that its last call is not wanted, where the SDK does not do so by itself."""

    async def cancel(self):
        before = await self.cancelled()
        for quiet in (False, True):
            started = anyio.Event()
            outcome = []

            async def on_progress(_progress, _total, _message):
                started.set()

            async def run():
                options = {} if quiet else {"progress_callback": on_progress}
                await self.call("slow", {"seconds": 15, "quiet": quiet}, **options)
                outcome.append("answered")

            async with anyio.create_task_group() as group:
                group.start_soon(run)
                if quiet:
                    await anyio.sleep(0.2)
                else:
                    with anyio.fail_after(5):
                        await started.wait()
                await self.give_up()
                group.cancel_scope.cancel()
            same("here", outcome, [])
            await self.until_cancelled(before + (2 if quiet else 1))

    async def timeout(self):
        before = await self.cancelled()
        await fails("timeout", self.TIMEOUT, self.call("slow", {"seconds": 7, "quiet": True}, seconds=0.3))
        await self.give_up()
        await self.until_cancelled(before + 1)

    async def fill_form(self):
        result, questions = await self.asking({"elicit": accept(E["formAnswer"])}, self.structured("ask_form"))
        same("question", questions, [E["form"]])
        same("answer", result, {"action": "accept", "content": E["formAnswer"]})
        for action in ("decline", "cancel"):
            result, _ = await self.asking({"elicit": say(action)}, self.structured("ask_form"))
            same(action, result, {"action": action})

    async def ask_url(self):
        result, questions = await self.asking({"elicit": say("accept")}, self.structured("ask_url"))
        for one in questions:
            one.pop("elicitationId", None)
        same("question", questions, [E["url"]])
        same("answer", result, {"action": "accept"})
        result, _ = await self.asking({"elicit": say("decline")}, self.structured("ask_url"))
        same("decline", result, {"action": "decline"})

    async def ask_sample(self):
        answers = {"sample": lambda _params, _round: E["sampleAnswer"]}
        result, questions = await self.asking(answers, self.structured("ask_sample", {"prompt": "Tie a knot."}))
        same("question", questions, [E["sample"]])
        same("answer", result, E["sampleResult"])

    async def ask_sample_tools(self):
        def blocks(params):
            messages = []
            for message in params["messages"]:
                content = message["content"]
                messages.append({"role": message["role"], "content": content if isinstance(content, list) else [content]})
            return {**params, "messages": messages}

        answers = {"sample": lambda _params, turn: E["sampleToolsAnswers"][turn - 1]}
        result, questions = await self.asking(answers, self.structured("ask_sample_tools"))
        same("questions", [blocks(one) for one in questions], [blocks(one) for one in E["sampleTools"]])
        same("answer", result, {"rounds": 2, "text": "It is 12 metres deep."})

    async def ask_roots(self):
        answers = {"roots": lambda _params, _round: {"roots": E["roots"]}}
        result, questions = await self.asking(answers, self.structured("ask_roots"))
        same("questions", len(questions), 1)
        same("answer", result, {"roots": E["roots"]})

    async def answer_all(self, confirm=accept({"agree": True})):
        answers = {
            "elicit": confirm,
            "sample": lambda _params, _round: {**E["sampleAnswer"], "content": {"type": "text", "text": "yes"}},
            "roots": lambda _params, _round: {"roots": E["roots"]},
        }
        result, questions = await self.asking(answers, self.structured("ask_all"))
        same("questions", len(questions), 3)
        same("answer", result, {"action": "accept", "text": "yes", "roots": 2})
        return questions

    async def ask_rounds(self):
        answers = {"elicit": lambda _params, turn: {"action": "accept", "content": {"value": "abc"[turn - 1]}}}
        result, questions = await self.asking(answers, self.text_of("ask_rounds"))
        same("questions", questions, E["rounds"])
        same("answer", result, "a, b, c")

        def stop(_params, turn):
            return {"action": "accept", "content": {"value": "a"}} if turn == 1 else {"action": "decline"}

        result, questions = await self.asking({"elicit": stop}, self.call("ask_rounds"))
        got = [result.get("isError"), result["content"], len(questions)]
        same("declined", got, [True, text("stopped at second"), 2])

    async def ask_once(self):
        result, questions = await self.asking({"elicit": accept({"agree": True})}, self.structured("ask_once"))
        same("question", questions, [E["confirm"]])
        same("once", result["ticket"], result["issued"])

    async def listen_tools(self):
        await self.list_changed("tools", "change_tools", "extra_tool")

    async def listen_prompts(self):
        await self.list_changed("prompts", "change_prompts", "extra_prompt")

    async def listen_resources(self):
        await self.list_changed("resources", "change_resources", "extra_resource")

    async def counter(self):
        return int((await self.read("everything://counter"))["contents"][0]["text"])

    async def touch(self, uri):
        same("answer", await self.text_of("touch_resource", {"uri": uri}), f"touched {uri}")

    async def read_unknown(self):
        for uri in E["badReads"]["read_unknown"]:
            await self.no_resource(uri)

    async def ask_resource(self):
        for agree, word in ((True, "yes"), (False, "no")):
            answers = {"elicit": accept({"agree": agree})}
            result, questions = await self.asking(answers, self.read("everything://ask/knots"))
            same("question", questions, [E["askResource"]])
            want = [{"uri": "everything://ask/knots", "mimeType": "text/plain", "text": f"knots: {word}"}]
            same("contents", result["contents"], want)

    async def messages(self, name, args=None):
        return (await self.prompt(name, args))["messages"]

    async def prompt_plain(self):
        result = await self.prompt("greet")
        got = {"description": result.get("description"), "messages": result["messages"]}
        same("greet", got, E["promptResults"]["greet"])

    async def prompt_arguments(self):
        want, code = E["promptResults"], "fn main() {}"
        got = await self.messages("review", {"language": "Rust", "code": code, "style": "stern"})
        same("review", got, want["review"])
        same("review", await self.messages("review", {"language": "Rust", "code": code}), want["reviewDefault"])
        same("travel", await self.messages("travel", {"country": "France", "city": "Paris"}), want["travel"])
        await fails("missing argument", -32602, self.messages("review", {"language": "Rust"}))
        await fails("unknown prompt", -32602, self.messages("no_such_prompt", {}))

    async def prompt_content(self):
        want = E["promptResults"]
        got = await self.messages("with_resource", {"uri": "everything://greeting"})
        same("with_resource", got, want["with_resource"])
        await fails("unknown resource", -32602, self.messages("with_resource", {"uri": "everything://nowhere"}))
        for name in ("with_image", "with_audio", "with_link"):
            messages = [{**one, "content": block(one["content"])} for one in want[name]]
            same(name, await self.messages(name), messages)

    async def ask_prompt(self):
        result, questions = await self.asking({"elicit": accept({"topic": "knots"})}, self.messages("ask_topic"))
        same("question", questions, [E["askTopic"]])
        same("messages", result, E["promptResults"]["ask_topic"])

    async def complete(self, ref, name, value, want, context=None):
        got = await self.completion(ref, name, value, context)
        same("values", got["values"], want)
        same("total", got["total"], len(want))
        ok("hasMore", not got.get("hasMore"))

    async def complete_prompt(self):
        travel = {"type": "ref/prompt", "name": "travel"}
        await self.complete(travel, "country", "fI", E["completions"]["country"])
        await self.complete(travel, "country", "X", [])
        await fails("unknown prompt", -32602, self.completion({**travel, "name": "no_such_prompt"}, "a", ""))

    async def complete_context(self):
        travel, c = {"type": "ref/prompt", "name": "travel"}, E["completions"]
        await self.complete(travel, "city", "", c["cities"])
        if not since("2025-06-18"):
            return
        await self.complete(travel, "city", "", c["cityFrance"], {"country": "France"})
        await self.complete(travel, "city", "p", c["cityP"], {"country": "France"})
        await self.complete(travel, "city", "p", [], {"country": "Japan"})

    async def complete_template(self):
        place = {"type": "ref/resource", "uri": "everything://place/{country}/{city}"}
        await self.complete(place, "country", "fi", E["completions"]["country"])
        value = {"type": "ref/resource", "uri": "everything://echo/{value}"}
        many = await self.completion(value, "value", "value_")
        got = [len(many["values"]), many["values"][99], many["total"], many["hasMore"]]
        same("150", got, [100, "value_099", 150, True])
        await self.complete(value, "value", "value_14", [f"value_14{i}" for i in range(10)])

    async def content(self, name):
        same(name, (await self.call(name))["content"], [block(one) for one in E["content"][name]])

    async def contents(self, name):
        for uri, want in E["reads"][name].items():
            same(uri, (await self.read(uri))["contents"], want)
        for uri in E["badReads"].get(name, []):
            await self.no_resource(uri)
