// The server with the SDK 2.x: requests that stand alone, over stdio and Streamable HTTP.
import { createServer } from 'node:http';
import { Server, ProtocolError, createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { NeedsInput, S, capabilities, info, methods } from './surface.mjs';

const LEVEL = 'io.modelcontextprotocol/logLevel';

/** `tell` announces changes to whoever listens: by the server over stdio, by the handler over HTTP. */
function newServer(tell) {
    const server = new Server(info, { capabilities, instructions: S.instructions });
    const announce = tell ?? {
        tools: () => server.sendToolListChanged(),
        prompts: () => server.sendPromptListChanged(),
        resources: () => server.sendResourceListChanged(),
        updated: uri => server.sendResourceUpdated({ uri })
    };
    const context = ({ mcpReq }) => ({
        signal: mcpReq.signal,
        level: mcpReq.envelope?.[LEVEL],
        notify: (method, params) => mcpReq.notify({ method, params }),
        progress: (progress, total, message) =>
            mcpReq._meta?.progressToken === undefined
                ? undefined
                : mcpReq.notify({ method: 'notifications/progress', params: { progressToken: mcpReq._meta.progressToken, progress, total, message } }),
        ask(wanted) {
            const state = `asked for ${Object.keys(wanted)}`;
            const answers = mcpReq.inputResponses;
            if (!answers) {
                const { elicitationId, ...url } = wanted.url?.params ?? {};
                const requests = { ...wanted, ...(wanted.url && { url: { ...wanted.url, params: url } }) };
                throw new NeedsInput({ resultType: 'input_required', inputRequests: requests, requestState: state });
            }
            const echoed = mcpReq.requestState();
            if (echoed !== state) throw Object.assign(new Error(`the state is ${echoed}, not ${state}`), { code: -32602 });
            return answers;
        },
        changed: what => announce[what](),
        updated: uri => announce.updated(uri)
    });
    for (const [method, handle] of Object.entries(methods)) {
        server.setRequestHandler(method, async ({ params }, cx) => {
            try {
                return await handle(params, context(cx));
            } catch (error) {
                if (error instanceof NeedsInput) return error.result;
                throw typeof error.code === 'number' ? new ProtocolError(error.code, error.message, error.data) : error;
            }
        });
    }
    return server;
}

export function stdio() {
    serveStdio(() => newServer());
}

export function http(port, json) {
    let handler;
    const notify = {
        tools: () => handler.notify.toolsChanged(),
        prompts: () => handler.notify.promptsChanged(),
        resources: () => handler.notify.resourcesChanged(),
        updated: uri => handler.notify.resourceUpdated(uri)
    };
    handler = createMcpHandler(() => newServer(notify), { legacy: 'reject', responseMode: json ? 'json' : 'auto' });
    createServer(toNodeHandler(handler)).listen(port, '127.0.0.1');
}
