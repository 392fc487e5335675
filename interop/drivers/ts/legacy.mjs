// The TypeScript SDK 1.x: for each older protocol version the newest release that speaks nothing newer.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
    E, ME, agreed, answerAll, asking, badForms, call, change, counted, events, fails, fillForm, introduced, kind,
    listed, logsFrom, needsSampling, pages, pagesOf, pause, peer, protocol, put, read, request, same, seenLogs, since,
    structured, target, text, textOf, touch, until
} from './common.mjs';

const sdk = file => import(`sdk-${protocol}/${file}.js`);
const { Client } = await sdk('client/index');
const types = await sdk('types');

const FULL = {
    sampling: since('2025-11-25') ? { tools: {} } : {},
    roots: { listChanged: true },
    ...(since('2025-11-25') ? { elicitation: { form: {}, url: {} } } : since('2025-06-18') ? { elicitation: {} } : {})
};
let client, opened;

async function transport() {
    const url = () => new URL(target[0]);
    if (kind === '--http') return new (await sdk('client/streamableHttp')).StreamableHTTPClientTransport(url());
    if (kind === '--sse') return new (await sdk('client/sse')).SSEClientTransport(url());
    const { StdioClientTransport } = await sdk('client/stdio');
    return new StdioClientTransport({ command: target[0], args: target.slice(1), env: { ...process.env }, stderr: 'inherit' });
}

async function open(capabilities, prepare) {
    const client = new Client(ME, { capabilities });
    // Some releases drop members that they do not know. So the schema of the SDK must accept the result, and the rows see
    // what was sent.
    const { request } = client;
    client.request = async (message, schema, options) => {
        const result = await request.call(client, message, types.ResultSchema, options);
        schema.parse(result);
        if (message.method === 'initialize') opened = result;
        return result;
    };
    prepare?.(client);
    await client.connect(await transport(), { timeout: 20_000 });
    return client;
}

function answers(client) {
    client.setRequestHandler(types.CreateMessageRequestSchema, request => put('sample', request.params));
    client.setRequestHandler(types.ListRootsRequestSchema, request => put('roots', request.params ?? {}));
    if (FULL.elicitation) client.setRequestHandler(types.ElicitRequestSchema, request => put('elicit', request.params));
    client.setNotificationHandler(types.LoggingMessageNotificationSchema, note => void seenLogs.push(note.params));
    for (const what of ['tools', 'prompts', 'resources']) {
        const schema = types[`${what[0].toUpperCase()}${what.slice(1, -1)}ListChangedNotificationSchema`];
        client.setNotificationHandler(schema, () => void events.push(what));
    }
    client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, note => void events.push(note.params.uri));
}

const LISTS = {
    'tools/list': 'listTools',
    'prompts/list': 'listPrompts',
    'resources/list': 'listResources',
    'resources/templates/list': 'listResourceTemplates'
};
/** A row whose call asks for something that the protocol version lacks: refused, and nothing is asked. */
const lacking = (row, said) => async () => {
    const ask = () => {
        if (row === 'ask_resource') return read('everything://ask/knots');
        return row === 'ask_prompt' ? client.getPrompt({ name: 'ask_topic' }) : call(row);
    };
    const { questions } = await asking({}, async () => {
        // Only tools have results that say that something went wrong.
        if (row === 'ask_resource' || row === 'ask_prompt') {
            return fails(row, -32603, ask(), error => same('message', error.message.replace(/^MCP error -32603: /, ''), said));
        }
        const result = await ask();
        same('refusal', [result.isError, result.content], [true, text(said)]);
    });
    same('questions', questions, []);
    return 'unsupported';
};

const own = {
    async connect() {
        client = await open(FULL, answers);
        peer.connection = {
            callTool: (params, options) => client.callTool(params, undefined, options),
            request: (method, params) => client[LISTS[method]](params),
            readResource: uri => client.readResource({ uri }),
            getPrompt: params => client.getPrompt(params),
            complete: params => client.complete(params),
            close: () => client.close()
        };
        same('offered', types.LATEST_PROTOCOL_VERSION, protocol);
        introduced(opened.serverInfo);
        return agreed(opened.protocolVersion, `sdk-${protocol}`);
    },
    initialize() {
        const { tools, prompts, resources, logging, completions, ...rest } = opened.capabilities;
        same('lists', [tools, prompts], [{ listChanged: true }, { listChanged: true }]);
        same('resources', resources, { subscribe: true, listChanged: true });
        same('logging, completions and nothing else', [logging, completions, rest], [{}, since('2025-03-26') ? {} : undefined, {}]);
        same('instructions', opened.instructions, E.instructions);
    },
    async ping() {
        same('answer', await client.ping(), {});
    },
    async list_tools() {
        listed(await pages('tools/list', 'tools', pagesOf(E.tools.length)));
    },
    async describe_call() {
        const got = await structured('describe_call');
        same('protocolVersion', got.protocolVersion, protocol);
        same('clientInfo', got.clientInfo, ME);
        same('clientCapabilities', got.clientCapabilities, FULL);
    },
    async timeout() {
        const before = await counted();
        const outcome = await call('slow', { seconds: 7, quiet: true }, { timeout: 300 }).then(() => 'answered', error => error.code);
        same('here', outcome, types.ErrorCode.RequestTimeout);
        await until('cancelled at the server', async () => (await counted()) === before + 1);
    },
    async logs() {
        for (const [level, from] of [[undefined, 1], ['warning', 3], ['debug', 0]]) {
            seenLogs.length = 0;
            if (level) await client.setLoggingLevel(level);
            same('answer', await textOf('log_levels'), 'logged 8 messages');
            await pause(50);
            same(`logs at ${level}`, seenLogs.map(({ _meta, ...rest }) => rest), logsFrom(from));
        }
    },
    missing_capability: () => needsSampling(open, -32602),
    async ask_form() {
        await fillForm();
        for (const content of badForms) {
            await asking({ elicit: () => ({ action: 'accept', content }) }, () => fails('bad answer', -32602, call('ask_form')));
        }
    },
    async ask_all() {
        // Nothing is answered before all three are here: so they were asked at once.
        let waiting = 0;
        const questions = await answerAll(() => (waiting += 1, until('at once', () => waiting === 3 || waiting)));
        same('confirm', questions.find(one => one.requestedSchema), E.confirm);
        same('sample', questions.find(one => one.messages), E.sampleAll);
    },
    listen_tools: () => listChanged('tools', 'change_tools', 'extra_tool'),
    listen_prompts: () => listChanged('prompts', 'change_prompts', 'extra_prompt'),
    listen_resources: () => listChanged('resources', 'change_resources', 'extra_resource'),
    async resource_updated() {
        const uri = 'everything://counter';
        await client.subscribeResource({ uri });
        events.length = 0;
        await touch(() => client.unsubscribeResource({ uri }));
    },
    async batch() {
        const echo = (id, message) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { message } } });
        const note = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
        const got = [await exchange([echo('a', 'one'), note, { jsonrpc: '2.0', id: 'b', method: 'ping' }, echo('c', 'two')])].flat();
        if (protocol !== '2025-03-26') {
            same('refusal', [got.length, got[0].error?.code], [1, -32600]);
            return 'refused';
        }
        const by = Object.fromEntries(got.map(one => [one.id, one.result]));
        same('answers', [got.length, by.a?.content, by.b, by.c?.content], [3, text('one'), {}, text('two')]);
    }
};

async function listChanged(what, tool, item) {
    await call(tool, { present: false });
    await pause(150);
    const names = async () => {
        const list = [];
        for (let cursor; ; ) {
            const page = await request(`${what}/list`, cursor === undefined ? {} : { cursor });
            list.push(...page[what].map(one => one.name));
            if ((cursor = page.nextCursor) === undefined) return list;
        }
    };
    await change(what, tool, item, names);
}

/** Opens a session by hand, since no SDK sends batches, and gives what the server answers to `body`. */
async function exchange(body) {
    const initialize = {
        jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: protocol, capabilities: {}, clientInfo: ME }
    };
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    if (kind === '--stdio') {
        const child = spawn(target[0], target.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
        try {
            const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
            for (const message of [initialize, initialized, body]) child.stdin.write(`${JSON.stringify(message)}\n`);
            return await answered(async () => JSON.parse((await lines.next()).value));
        } finally {
            child.kill();
        }
    }
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const post = (url, message) => fetch(url, { method: 'POST', headers, body: JSON.stringify(message) });
    if (kind === '--sse') {
        const events = messages((await fetch(target[0], { headers: { accept: 'text/event-stream' } })).body);
        const endpoint = new URL((await events.next()).value, target[0]);
        for (const message of [initialize, initialized, body]) await post(endpoint, message);
        const got = await answered(async () => JSON.parse((await events.next()).value));
        await events.return();
        return got;
    }
    const first = await post(target[0], initialize);
    await first.text();
    headers['mcp-session-id'] = first.headers.get('mcp-session-id');
    if (since('2025-06-18')) headers['mcp-protocol-version'] = protocol;
    await post(target[0], initialized);
    const response = await post(target[0], body);
    if (protocol !== '2025-03-26') same('status', response.status, 400);
    if (!response.headers.get('content-type').startsWith('text/event-stream')) return response.json();
    const all = [];
    for await (const data of messages(response.body)) if (data) all.push(...[JSON.parse(data)].flat());
    return all;
}
/** What comes after the answer to `initialize`: one batch, one refusal, or one answer after the other. */
async function answered(next) {
    same('initialized', (await next()).result?.protocolVersion, protocol);
    const all = [await next()].flat();
    while (protocol === '2025-03-26' && all.length < 3) all.push(...[await next()].flat());
    return all;
}
async function* messages(stream) {
    let data = '', rest = '';
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + chunk).split(/\r\n|\n/);
        rest = lines.pop();
        for (const line of lines) {
            if (line.startsWith('data:')) data += line.slice(5).trim();
            if (line !== '' || !data) continue;
            const event = data;
            data = '';
            yield event;
        }
    }
}

for (const [row, lacks] of Object.entries(E.legacy.lacks)) {
    if (lacks[protocol]) own[row] = lacking(row, lacks[protocol]);
}
export const rows = own;
