// The server with an SDK 1.x: sessions, over stdio, Streamable HTTP and HTTP+SSE.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { S, capabilities, count, info, methods, protocol, sessionMethods, since } from './surface.mjs';

const sdk = path => import(`sdk-${protocol}/${path}`);
const { Server } = await sdk('server/index.js');
const types = await sdk('types.js');

const schemas = {
    'tools/list': types.ListToolsRequestSchema, 'tools/call': types.CallToolRequestSchema,
    'resources/list': types.ListResourcesRequestSchema, 'resources/templates/list': types.ListResourceTemplatesRequestSchema,
    'resources/read': types.ReadResourceRequestSchema, 'resources/subscribe': types.SubscribeRequestSchema,
    'resources/unsubscribe': types.UnsubscribeRequestSchema, 'prompts/list': types.ListPromptsRequestSchema,
    'prompts/get': types.GetPromptRequestSchema, 'completion/complete': types.CompleteRequestSchema,
    'logging/setLevel': types.SetLevelRequestSchema
};
const refused = error =>
    typeof error?.code === 'number' ? Object.assign(new types.McpError(error.code, error.message, error.data), { message: error.message }) : error;

function newServer() {
    const server = new Server(info, { capabilities, instructions: S.instructions });
    const session = { subscribed: new Set(), level: 'info' };
    const context = (extra, meta) => ({
        signal: extra.signal,
        level: session.level,
        notify: (method, params) => extra.sendNotification({ method, params }),
        progress: (progress, total, message) =>
            meta?.progressToken === undefined
                ? undefined
                : extra.sendNotification({
                      method: 'notifications/progress',
                      params: { progressToken: meta.progressToken, progress, total, ...(since('2025-03-26') && { message }) }
                  }),
        async ask(wanted) {
            const names = Object.keys(wanted);
            const answers = await Promise.all(names.map(name => extra.sendRequest(wanted[name], types.ResultSchema)));
            return Object.fromEntries(names.map((name, i) => [name, answers[i]]));
        },
        changed: what => server.notification({ method: `notifications/${what}/list_changed` }),
        updated: uri =>
            session.subscribed.has(uri) ? server.notification({ method: 'notifications/resources/updated', params: { uri } }) : undefined
    });
    for (const [method, handle] of Object.entries(methods)) {
        server.setRequestHandler(schemas[method], async ({ params }, extra) => {
            try {
                return await handle(params, context(extra, params?._meta));
            } catch (error) {
                throw refused(error);
            }
        });
    }
    for (const [method, handle] of Object.entries(sessionMethods)) {
        server.setRequestHandler(schemas[method], ({ params }) => handle(params, session));
    }
    server.setNotificationHandler(types.RootsListChangedNotificationSchema, () => count('rootsChanged'));
    return server;
}

async function bodyOf(request) {
    const parts = [];
    for await (const part of request) parts.push(part);
    return parts.length ? JSON.parse(Buffer.concat(parts).toString('utf8')) : undefined;
}

export async function stdio() {
    const { StdioServerTransport } = await sdk('server/stdio.js');
    await newServer().connect(new StdioServerTransport());
}

/** Sessions and streams, or neither. */
export async function http(port, stateless) {
    const { StreamableHTTPServerTransport } = await sdk('server/streamableHttp.js');
    const sessions = new Map();
    createServer(async (request, response) => {
        const body = request.method === 'POST' ? await bodyOf(request) : undefined;
        if (stateless) {
            if (request.method !== 'POST') return response.writeHead(405).end();
            // Release 1.10.2 never answers with an error as JSON.
            const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: since('2025-03-26') });
            await newServer().connect(transport);
            return transport.handleRequest(request, response, body);
        }
        const id = request.headers['mcp-session-id'];
        let transport = sessions.get(id);
        if (!transport) {
            // As the examples of the SDK do it: anything but an initialize needs a session.
            if (id || body?.method !== 'initialize') {
                const error = { code: -32000, message: id ? 'Session not found' : 'Bad Request: No valid session ID provided' };
                response.writeHead(id ? 404 : 400, { 'content-type': 'application/json' });
                return response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
            }
            transport = new StreamableHTTPServerTransport({
                sessionIdGenerator: () => randomUUID(),
                onsessioninitialized: made => void (sessions.set(made, transport), count('sessions'))
            });
            const server = newServer();
            server.onclose = () => sessions.delete(transport.sessionId) && count('sessions', -1);
            await server.connect(transport);
        }
        await transport.handleRequest(request, response, body);
    }).listen(port, '127.0.0.1');
}

export async function sse(port) {
    const { SSEServerTransport } = await sdk('server/sse.js');
    const sessions = new Map();
    createServer(async (request, response) => {
        const url = new URL(request.url, 'http://localhost');
        if (request.method === 'GET' && url.pathname === '/sse') {
            const transport = new SSEServerTransport('/messages', response);
            sessions.set(transport.sessionId, transport);
            count('sessions');
            response.on('close', () => sessions.delete(transport.sessionId) && count('sessions', -1));
            return newServer().connect(transport);
        }
        const transport = sessions.get(url.searchParams.get('sessionId'));
        if (request.method !== 'POST' || url.pathname !== '/messages' || !transport) return response.writeHead(404).end();
        await transport.handlePostMessage(request, response);
    }).listen(port, '127.0.0.1');
}
