// A provider on loopback: prints its issuer, and reads commands from standard input, one JSON object a line.
// {"keys": [JWK, ...]} starts anew with other keys on the same port.
import http from 'node:http';
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const settings = JSON.parse(process.argv[3]);
let current;

// Clients that have redirect_uris send people here, who say who they are; others get tokens for themselves.
const people = settings.people;
const forPeople = (client) => client.redirectUris?.length > 0;

async function interact(provider, request, response) {
  if (request.method === 'GET') {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>Log in</title><form method="post"><label>Name <input name="login"></label>' +
      '<button name="go" value="1">Log in</button><button name="go" value="0">Cancel</button></form>');
    return;
  }
  let body = '';
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);
  const refused = { error: 'access_denied', error_description: 'cancelled' };
  const result = form.get('go') === '0' ? refused : { login: { accountId: form.get('login') } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = http.createServer((request, response) => current(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

function begin(keys) {
  const provider = new Provider(issuer, {
    clients: settings.clients.map(({ user, ...client }) => ({
      ...(client.redirect_uris ? { grant_types: ['authorization_code'], response_types: ['code'] }
        : { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }),
      id_token_signed_response_alg: settings.algorithm, ...client,
    })),
    jwks: { keys },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context, client) => (forPeople(client) ? undefined : settings.audience),
        getResourceServerInfo: () => ({
          scope: 'jobs', audience: settings.audience, accessTokenFormat: 'jwt', accessTokenTTL: settings.lifetime,
          jwt: { sign: { alg: settings.algorithm } },
        }),
      },
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'], groups: ['groups'] },
    conformIdTokenClaims: !settings.claims_in_token,
    findAccount: (context, id) => ({
      accountId: id, claims: () => ({ sub: id, preferred_username: id, ...people[id] }),
    }),
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
    interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
    extraTokenClaims: (context, token) => {
      const { user } = settings.clients.find((client) => client.client_id === token.clientId) ?? {};
      return user === undefined ? undefined : { preferred_username: user };
    },
  });
  const answer = provider.callback();
  current = (request, response) => (request.url.startsWith('/interaction/')
    ? interact(provider, request, response).catch((error) => response.writeHead(500).end(String(error)))
    : answer(request, response));
}

begin(settings.keys);
process.stdout.write(`${issuer}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  begin(JSON.parse(line).keys);
  process.stdout.write('begun\n');
}
process.exit(0);
