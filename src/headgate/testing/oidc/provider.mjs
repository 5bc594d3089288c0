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

const server = http.createServer((request, response) => current(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

function begin(keys) {
  const provider = new Provider(issuer, {
    clients: settings.clients.map(({ user, ...client }) => ({
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      id_token_signed_response_alg: settings.algorithm, ...client,
    })),
    jwks: { keys },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => settings.audience,
        getResourceServerInfo: () => ({
          scope: 'jobs', audience: settings.audience, accessTokenFormat: 'jwt', accessTokenTTL: settings.lifetime,
          jwt: { sign: { alg: settings.algorithm } },
        }),
      },
    },
    extraTokenClaims: (context, token) => {
      const { user } = settings.clients.find((client) => client.client_id === token.clientId);
      return user === undefined ? undefined : { preferred_username: user };
    },
  });
  current = provider.callback();
}

begin(settings.keys);
process.stdout.write(`${issuer}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  begin(JSON.parse(line).keys);
  process.stdout.write('begun\n');
}
process.exit(0);
