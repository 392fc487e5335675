// A browser without a screen, for pages that run no scripts: it keeps cookies, follows redirects, and says yes to
// whatever a page asks.
//
//   node browser.mjs URL [USER]
import { request as ask } from 'node:http';
import { pathToFileURL } from 'node:url';

const MOST = 30;
// What browsers say of a page that somebody opens in a window of its own; `fetch` would say that a script asks.
const OPENED = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1', accept: 'text/html' };

function fetched(url, method, headers, body) {
    return new Promise((resolve, reject) => {
        const asked = ask(url, { method, headers }, answer => {
            let text = '';
            answer.setEncoding('utf8').on('data', part => (text += part)).on('error', reject);
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
        });
        asked.on('error', reject).end(body);
    });
}

/**
 * Goes to a URL in the name of a user, to the last page or to where somebody waits for the browser: an URL that begins
 * with `until` is not fetched, and has no status.
 */
export async function visit(start, user, until) {
    const jar = new Map();
    let request = { url: new URL(start), method: 'GET', headers: {} };
    for (let step = 0; step < MOST; step++) {
        const { url, method, headers, body } = request;
        if (until && url.href.startsWith(until)) return { url: url.href };
        // What a person would choose on the page of the authorization server.
        if (method === 'GET' && url.pathname.endsWith('/authorize')) url.searchParams.set('login_hint', user);
        const kept = jar.get(url.hostname) ?? new Map();
        const cookie = [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
        const said = { ...OPENED, 'sec-fetch-site': step ? 'same-origin' : 'none', ...headers, ...(cookie && { cookie }) };
        const { status, headers: answered, text } = await fetched(url, method, said, body);
        for (const line of answered['set-cookie'] ?? []) {
            const [pair, ...attributes] = line.split(';').map(part => part.trim());
            const [name, ...value] = pair.split('=');
            if (attributes.some(one => /^max-age=0$/i.test(one))) kept.delete(name);
            else kept.set(name, value.join('='));
        }
        jar.set(url.hostname, kept);
        const next = answered.location ?? refreshed(text);
        if (next) request = { url: new URL(next, url), method: 'GET', headers: { 'sec-fetch-site': site(url, new URL(next, url)) } };
        else request = status === 200 && submitted(text, url);
        if (!request) return { url: url.href, status, text };
    }
    throw new Error(`there were more than ${MOST} pages after ${start}`);
}

/** Ports make other origins, but no other sites. */
const site = (from, to) => (from.origin === to.origin ? 'same-origin' : from.hostname === to.hostname ? 'same-site' : 'cross-site');
const unescaped = text =>
    text.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? "'");
const attribute = (tag, name) => {
    const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
    return found === undefined ? undefined : unescaped(found);
};
const refreshed = page => {
    const tag = /<meta[^>]*http-equiv="refresh"[^>]*>/i.exec(page)?.[0];
    return tag && /url=(.*)$/i.exec(attribute(tag, 'content'))?.[1];
};

/** The first form of a page, with its first button. */
function submitted(page, url) {
    const form = /<form[^>]*>[\s\S]*?<\/form>/i.exec(page)?.[0];
    if (!form) return undefined;
    const fields = new URLSearchParams();
    for (const [tag] of form.matchAll(/<input[^>]*>/gi)) {
        const chosen = attribute(tag, 'type') !== 'radio' || /\schecked/.test(tag);
        if (chosen) fields.append(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
    }
    const button = /<button[^>]*>/i.exec(form)?.[0];
    if (button && attribute(button, 'name')) fields.append(attribute(button, 'name'), attribute(button, 'value') ?? '');
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin, 'sec-fetch-site': 'same-origin' };
    return { url: new URL(attribute(form, 'action') ?? '', url), method: 'POST', headers, body: fields.toString() };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
    const { url, status } = await visit(process.argv[2], process.argv[3] ?? process.env.INTEROP_USER);
    console.error(`${status} ${new URL(url).origin}`);
    process.exit(status === 200 ? 0 : 1);
}
