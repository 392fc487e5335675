// Serves the document that says who the drivers of logins are, over https.
//
//   node document.mjs PORT CERTIFICATE KEY
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, cert, key] = process.argv.slice(2);
const document = {
    client_id: `https://localhost:${port}/client.json`,
    client_name: 'interop',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none'
};
createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    if (request.url !== '/client.json') return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
}).listen(port, '127.0.0.1');
