// Logs in to a protected server with the TypeScript SDK 2.x and prints one JSON line per feature.
//
//   node auth.mjs URL DOCUMENT PREFIX
//
// No person and no browser is there: the authorization server approves everything. DOCUMENT is the URL of the document
// that says who this client is; names of tools begin with PREFIX. `INTEROP_EXPIRES` is after how many seconds a token is
// refused.
import { randomBytes } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

const [url, document, prefix] = process.argv.slice(2);
const expires = Number(process.env.INTEROP_EXPIRES) * 1000;
const report = (feature, ok, detail) => process.stdout.write(JSON.stringify({ feature, ok, detail: detail ?? '' }) + '\n');
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
function same(what, got, want) {
    const [a, b] = [got, want].map(value => JSON.stringify(value));
    if (a !== b) throw new Error(`${what}: got ${a}, want ${b}`);
}
function ok(what, condition) {
    if (!condition) throw new Error(what);
}

/** What the SDK asks of whoever uses it. */
class Provider {
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
        url.searchParams.set('login_hint', this.user);
        const answer = await fetch(url, { redirect: 'manual' });
        const back = answer.headers.get('location');
        ok(`the answer of the authorization server is ${answer.status} ${back}`, back?.startsWith(this.redirectUrl));
        const parameters = new URL(back).searchParams;
        same('error', parameters.get('error'), null);
        same('state', parameters.get('state'), this.sent);
        return parameters;
    }
}

/** A client of a user, who logs in when the server wants it. */
class Peer {
    constructor(user, document) {
        this.provider = new Provider(user, document);
    }
    dial() {
        this.transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: this.provider });
        this.client = new Client({ name: 'interop-ts', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
        return this.client.connect(this.transport, { timeout: 20_000 });
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
        const result = await this.client.callTool({ name: prefix + name, arguments: args }, { timeout: 20_000 });
        ok(`${name} failed: ${JSON.stringify(result.content)}`, !result.isError);
        return result.content[0].text;
    }
    echo = async message => same('echo', await this.call('echo', { message }), message);
    sum = async () => JSON.parse(await this.call('add', { a: 1, b: 2 })).sum;
}

/** `resource` on both legs is what the server says of itself, byte for byte. */
function bound(peer) {
    for (const asked of peer.provider.asked) same('resource', asked.searchParams.get('resource'), url);
}

const scopes = peer => peer.provider.asked.map(asked => asked.searchParams.get('scope').split(' ').filter(one => one !== 'offline_access').sort().join(' '));

const rows = {
    async registered() {
        const peer = await new Peer('alice').connect();
        ok(`client ${peer.provider.client.client_id} was registered`, peer.provider.client.client_id.startsWith('dyn-'));
        same('logins', peer.provider.asked.length, 1);
        bound(peer);
        await peer.echo('registered');
        await peer.client.close();
    },
    async document() {
        const peer = await new Peer('bob', document).connect();
        same('client', peer.provider.client.client_id, document);
        same('logins', peer.provider.asked.length, 1);
        bound(peer);
        await peer.echo('documented');
        await peer.client.close();
    },
    async stepped_up() {
        const peer = await new Peer('alice', document).connect();
        await peer.echo('before');
        same('logins', peer.provider.asked.length, 1);
        same('sum', await peer.loggingIn(() => peer.sum()), 3);
        same('scopes', scopes(peer), ['mcp', 'admin mcp']);
        same('again', await peer.sum(), 3);
        same('logins', peer.provider.asked.length, 2);
        bound(peer);
        await peer.client.close();
    },
    async refreshed() {
        const peer = await new Peer('alice', document).connect();
        await peer.echo('before');
        const before = peer.provider.kept;
        await pause(expires + 1500);
        await peer.echo('after');
        same('logins', peer.provider.asked.length, 1);
        ok('there is another access token', peer.provider.kept.access_token !== before.access_token);
        ok('there is another refresh token', peer.provider.kept.refresh_token !== before.refresh_token);
        await peer.client.close();
    }
};

for (const [feature, row] of Object.entries(rows)) {
    try {
        report(feature, true, await row());
    } catch (error) {
        if (process.env.INTEROP_TRACE) console.error(error);
        report(feature, false, String(error?.message ?? error));
    }
}
