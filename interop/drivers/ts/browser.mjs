// A browser without a screen, for pages that run no scripts: it keeps cookies, follows redirects, and says yes to
// whatever a page asks.
//
//   node browser.mjs URL [USER]
import { pathToFileURL } from 'node:url';

const MOST = 30;

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
        const answer = await fetch(url, { method, body, redirect: 'manual', headers: { ...headers, ...(cookie && { cookie }) } });
        for (const line of answer.headers.getSetCookie()) {
            const [pair, ...attributes] = line.split(';').map(part => part.trim());
            const [name, ...value] = pair.split('=');
            if (attributes.some(one => /^max-age=0$/i.test(one))) kept.delete(name);
            else kept.set(name, value.join('='));
        }
        jar.set(url.hostname, kept);
        const text = await answer.text();
        const next = answer.headers.get('location') ?? refreshed(text);
        if (next) request = { url: new URL(next, url), method: 'GET', headers: {} };
        else request = answer.ok && submitted(text, url);
        if (!request) return { url: url.href, status: answer.status, text };
    }
    throw new Error(`there were more than ${MOST} pages after ${start}`);
}

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
