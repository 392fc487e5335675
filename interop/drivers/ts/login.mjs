// A user of the TypeScript SDK 2.x who logs in wherever that is wanted, without a browser.
import { randomBytes } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { visit } from './browser.mjs';

export const report = (feature, ok, detail) => process.stdout.write(JSON.stringify({ feature, ok, detail: detail ?? '' }) + '\n');
export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
export function same(what, got, want) {
    const [a, b] = [got, want].map(value => JSON.stringify(value));
    if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
}
export function ok(what, condition) {
    if (!condition) throw new Error(what);
}
export async function run(rows) {
    for (const [feature, row] of Object.entries(rows)) {
        try {
            report(feature, true, await row());
        } catch (error) {
            if (process.env.INTEROP_TRACE) console.error(error);
            report(feature, false, String(error?.message ?? error));
        }
    }
}

/** What the SDK asks of whoever uses it. */
export class Provider {
    redirectUrl = 'http://127.0.0.1:53682/callback';
    asked = [];

    constructor(user, document) {
        this.user = user;
        this.clientMetadataUrl = document;
    }
    get clientMetadata() {
        return {
            client_name: 'interop-ts',
            redirect_uris: [this.redirectUrl],
            grant_types: ['authorization_code', 'refresh_token'],
            response_types: ['code'],
            token_endpoint_auth_method: 'none',
            application_type: 'native'
        };
    }
    state = () => (this.sent = randomBytes(16).toString('base64url'));
    clientInformation = () => this.client;
    saveClientInformation = client => void (this.client = client);
    tokens = () => this.kept;
    saveTokens = tokens => void (this.kept = tokens);
    saveDiscoveryState = state => void (this.discovered = state);
    discoveryState = () => this.discovered;
    saveCodeVerifier = verifier => void (this.verifier = verifier);
    codeVerifier = () => this.verifier;
    redirectToAuthorization = url => void this.asked.push(url);

    /** Goes where the browser would have gone, and comes back with what the redirect says. */
    async approved() {
        const url = new URL(this.asked.at(-1));
        same('response_type', url.searchParams.get('response_type'), 'code');
        same('code_challenge_method', url.searchParams.get('code_challenge_method'), 'S256');
        const { url: back, status, text } = await visit(url, this.user, this.redirectUrl);
        ok(`the authorization server answers ${status} ${text}`, status === undefined);
        const parameters = new URL(back).searchParams;
        same('error', parameters.get('error'), null);
        same('state', parameters.get('state'), this.sent);
        return parameters;
    }
}

/** A client of a user, who logs in when the server wants it. */
export class Peer {
    /** `visits` are the pages that the server has sent its user to, if he goes where he is sent. */
    constructor(url, user, { document, prefix = '', visits } = {}) {
        Object.assign(this, { url, user, prefix, visits });
        this.provider = new Provider(user, document);
    }
    dial() {
        this.transport = new StreamableHTTPClientTransport(new URL(this.url), { authProvider: this.provider });
        const capabilities = this.visits ? { elicitation: { form: {}, url: {} } } : {};
        this.client = new Client({ name: 'interop-ts', version: '1.0.0' }, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
        if (this.visits) this.client.setRequestHandler('elicitation/create', request => this.go(request.params));
        return this.client.connect(this.transport, { timeout: 20_000 });
    }
    async go({ mode, url }) {
        same('mode', mode, 'url');
        const { status, text } = await visit(url, this.user);
        this.visits.push({ url, status, text });
        return { action: status === 200 ? 'accept' : 'cancel' };
    }
    async connect() {
        await this.loggingIn(() => this.dial());
        return this;
    }
    /** Does it; if that wants a login, makes one and does it again. */
    async loggingIn(what) {
        const logins = this.provider.asked.length;
        try {
            return await what();
        } catch (error) {
            if (!(error instanceof UnauthorizedError)) throw error;
        }
        same('logins that are wanted', this.provider.asked.length, logins + 1);
        await this.transport.finishAuth(await this.provider.approved());
        return what();
    }
    async call(name, args = {}) {
        const result = await this.client.callTool({ name: this.prefix + name, arguments: args }, { timeout: 20_000 });
        ok(`${name} failed: ${JSON.stringify(result.content)}`, !result.isError);
        return result.content[0].text;
    }
    echo = async message => same('echo', await this.call('echo', { message }), message);
    sum = async () => JSON.parse(await this.call('add', { a: 1, b: 2 })).sum;
}

