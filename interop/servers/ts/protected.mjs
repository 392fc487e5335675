// A server that lets in whoever has a token of an authorization server, with the TypeScript SDK 2.x.
//
//   node protected.mjs PORT ISSUER
//
// It listens on /mcp, wants the scope `mcp` for everything and `admin` for the tool `add`, and bears clocks that differ by
// a minute. It keeps notes of each user, and says at /refused how many requests it refused.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { Server, ProtocolError, createMcpHandler } from '@modelcontextprotocol/server';
import { toNodeHandler } from '@modelcontextprotocol/node';

const [port, issuer] = process.argv.slice(2);
const base = `http://127.0.0.1:${port}`;
const resource = `${base}/mcp`;
const metadata = `${base}/.well-known/oauth-protected-resource/mcp`;
const SKEW = 60;
const caller = new AsyncLocalStorage();
const notes = new Map();
let refused = 0;
let keys = [];

const mine = () => notes.get(caller.getStore().sub) ?? [];
const tools = {
    echo: { arguments: { message: { type: 'string' } }, run: ({ message }) => message },
    add: { arguments: { a: { type: 'number' }, b: { type: 'number' } }, run: ({ a, b }) => ({ sum: a + b }) },
    whoami: { run: () => ({ sub: caller.getStore().sub, client: caller.getStore().client_id }) },
    remember: { arguments: { note: { type: 'string' } }, run: ({ note }) => (notes.set(caller.getStore().sub, [...mine(), note]), mine()) },
    recall: { run: mine }
};

function newServer() {
    const server = new Server({ name: 'protected', version: '1.0.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({
        tools: Object.entries(tools).map(([name, tool]) => ({
            name,
            inputSchema: { type: 'object', properties: tool.arguments ?? {}, required: Object.keys(tool.arguments ?? {}) }
        }))
    }));
    server.setRequestHandler('tools/call', ({ params }) => {
        const tool = tools[params.name];
        if (!tool) throw new ProtocolError(-32602, `no tool ${params.name}`);
        const value = tool.run(params.arguments ?? {});
        return { content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] };
    });
    return server;
}

const part = text => JSON.parse(Buffer.from(text, 'base64url').toString());

/** The claims of a token that is right; else an error that says what is wrong. */
async function claimsOf(token) {
    const [head, body, signature] = token.split('.');
    const header = part(head);
    if (header.alg !== 'ES256' || header.typ !== 'at+jwt') throw new Error('it is no access token');
    const known = () => keys.find(key => key.kid === header.kid);
    if (!known()) keys = (await (await fetch(`${issuer}/keys`)).json()).keys;
    if (!known()) throw new Error('its key is unknown');
    const key = { key: createPublicKey({ key: known(), format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) throw new Error('its signature is wrong');
    const claims = part(body);
    if (claims.iss !== issuer) throw new Error('it is of another issuer');
    if (![claims.aud].flat().includes(resource)) throw new Error('it is for somebody else');
    if (claims.exp + SKEW <= Date.now() / 1000) throw new Error('it has expired');
    return claims;
}

function refuse(response, status, parameters) {
    refused++;
    const said = Object.entries({ ...parameters, resource_metadata: metadata }).map(([name, value]) => `${name}="${value}"`);
    response.writeHead(status, { 'WWW-Authenticate': `Bearer ${said.join(', ')}` }).end();
}

const handler = toNodeHandler(createMcpHandler(newServer, { legacy: 'reject' }));

const server = createServer(async (request, response) => {
    if (request.url.startsWith('/.well-known/oauth-protected-resource')) {
        const document = { resource, authorization_servers: [issuer], scopes_supported: ['mcp', 'admin'], bearer_methods_supported: ['header'] };
        return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
    }
    if (request.url === '/refused') return response.end(String(refused));
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!token) return refuse(response, 401, { scope: 'mcp' });
    let claims;
    try {
        claims = await claimsOf(token);
    } catch (error) {
        return refuse(response, 401, { error: 'invalid_token', error_description: error.message, scope: 'mcp' });
    }
    const needed = request.headers['mcp-name'] === 'add' ? ['mcp', 'admin'] : ['mcp'];
    const granted = claims.scope.split(' ');
    if (!needed.every(scope => granted.includes(scope))) {
        return refuse(response, 403, { error: 'insufficient_scope', scope: needed.join(' ') });
    }
    caller.run(claims, () => handler(request, response));
});
// A connection that ends while a request is on its way to it leaves the client in doubt whether it was done.
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');
