// What the server is, whichever SDK serves it. The values are those of surface.json.
import { readFileSync } from 'node:fs';

export const S = JSON.parse(readFileSync(process.env.INTEROP_SURFACE, 'utf8'));
export const protocol = process.argv[2];
/** Whether the newest protocol version of the SDK is this one or newer. */
export const since = version => protocol >= version;

/** An error that goes to the client with its code. */
export class Refusal extends Error {
    constructor(code, message, data) {
        super(message);
        this.code = code;
        this.data = data;
    }
}
/** What a server of requests that stand alone answers, to be asked again with the answers. */
export class NeedsInput {
    constructor(result) {
        this.result = result;
    }
}

const seen = { cancelled: 0, rootsChanged: 0, sessions: 0 };
export const count = (what, by = 1) => void (seen[what] += by);
const present = { tools: false, prompts: false, resources: false };
let touched = 0;

const text = value => ({ content: [{ type: 'text', text: value }] });
const items = (what, all) => (present[what] ? [...all, S.extra[what]] : all);
function page(key, all, cursor) {
    const start = cursor === undefined ? 0 : Number(cursor);
    if (!Number.isInteger(start) || start < 0 || start >= all.length) throw new Refusal(-32602, 'no such cursor');
    const end = start + S.pageSize;
    return { [key]: all.slice(start, end), ...(end < all.length && { nextCursor: String(end) }) };
}
const tool = one => {
    const { outputSchema, ...rest } = one;
    return since('2025-06-18') && outputSchema ? { ...rest, outputSchema } : rest;
};
const kind = one => (one.type !== 'audio' || since('2025-03-26')) && (one.type !== 'resource_link' || since('2025-06-18'));

/**
 * `cx` is the way to the client: `notify` belongs to this request, `announce` to none; `ask` takes requests by name and
 * gives their results; `level` is the least level that is logged; `subscribed` the resources that are listened to.
 */
const tools = {
    echo: ({ message }) => text(message),
    add({ a, b }) {
        const value = { sum: a + b };
        return { ...text(JSON.stringify(value)), ...(since('2025-06-18') && { structuredContent: value }) };
    },
    content: () => ({ content: S.content.filter(kind) }),
    tool_error: () => ({ ...text('failed on purpose'), isError: true }),
    protocol_error: () => {
        throw new Refusal(4001, 'refused on purpose', { reason: 'on purpose' });
    },
    async progress({ steps }, cx) {
        for (let step = 1; step <= steps; step++) await cx.progress(step, steps, `step ${step} of ${steps}`);
        return text(`done in ${steps} steps`);
    },
    async log(_, cx) {
        for (const level of S.levels.slice(S.levels.indexOf(cx.level ?? ''))) {
            if (cx.level) await cx.notify('notifications/message', { level, logger: 'interop', data: { message: `at ${level}` } });
        }
        return text('logged');
    },
    async slow(_, cx) {
        let timer;
        const over = new Promise(resolve => {
            timer = setTimeout(resolve, 60_000, false);
            cx.signal.addEventListener('abort', () => resolve(true), { once: true });
        });
        await cx.progress(0, 1, 'started');
        if (await over) count('cancelled');
        clearTimeout(timer);
        return text('waited');
    },
    counters: () => text(JSON.stringify(seen)),
    async ask({ what }, cx) {
        const wanted = what === 'all' ? ['form', 'sample', 'roots'] : [what];
        return text(JSON.stringify(await cx.ask(Object.fromEntries(wanted.map(name => [name, S.questions[name]])))));
    },
    async change({ what, present: wanted }, cx) {
        const changed = present[what] !== wanted;
        present[what] = wanted;
        if (changed) await cx.changed(what);
        return text('changed');
    },
    async touch({ uri }, cx) {
        touched += 1;
        await cx.updated(uri);
        return text('touched');
    }
};

function read(uri) {
    if (uri === 'interop://counter') return [{ uri, mimeType: 'text/plain', text: String(touched) }];
    const echo = /^interop:\/\/echo\d\/([^/]+)$/.exec(uri);
    if (echo) return [{ uri, mimeType: 'text/plain', text: decodeURIComponent(echo[1]) }];
    if (S.contents[uri]) return S.contents[uri];
    throw new Refusal(since('2026-07-28') ? -32602 : -32002, 'no such resource', { uri });
}

/** Method → handler. */
export const methods = {
    'tools/list': ({ cursor } = {}) => page('tools', items('tools', S.tools.map(tool)), cursor),
    'tools/call'({ name, arguments: args = {} }, cx) {
        if (!Object.hasOwn(tools, name)) throw new Refusal(-32602, `unknown tool ${name}`);
        return tools[name](args, cx);
    },
    'resources/list': ({ cursor } = {}) => page('resources', items('resources', S.resources), cursor),
    'resources/templates/list': ({ cursor } = {}) => page('resourceTemplates', S.templates, cursor),
    'resources/read': ({ uri }) => ({ contents: read(uri) }),
    'prompts/list': ({ cursor } = {}) => page('prompts', items('prompts', S.prompts), cursor),
    'prompts/get'({ name, arguments: args = {} }) {
        const said = { greet: 'Please greet the reader.', review: `Review this ${args.language} code in a ${args.style ?? 'friendly'} style.` }[name];
        if (!said) throw new Refusal(-32602, `unknown prompt ${name}`);
        return { description: `The prompt ${name}.`, messages: [{ role: 'user', content: { type: 'text', text: said } }] };
    },
    'completion/complete'({ argument: { value } }) {
        const values = S.languages.filter(one => one.startsWith(value));
        return { completion: { values, total: values.length, hasMore: false } };
    }
};

/** Methods that only sessions have; `session` keeps what they set. */
export const sessionMethods = {
    'resources/subscribe': ({ uri }, session) => (session.subscribed.add(uri), {}),
    'resources/unsubscribe': ({ uri }, session) => (session.subscribed.delete(uri), {}),
    'logging/setLevel': ({ level }, session) => ((session.level = level), {})
};

export const info = { name: 'interop', version: process.env.INTEROP_RELEASE };
export const capabilities = {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    logging: {},
    ...(since('2025-03-26') && { completions: {} })
};
