/**
 * The `auth` and `clientCertificate` parts of a system's section. They correspond one to one to the API
 * client's options.
 */
import { z } from 'zod'

const text = z.string().min(1)
const secret = z.string().min(1)

const privateKey = secret.describe(
  'Private key in PEM without a passphrase: RSA of 2048 bits or more, P-256, P-384 or Ed25519.',
)

const tokenEndpointShape = {
  tokenUrl: text.describe('Address of the token endpoint; HTTPS.'),
  clientId: secret.describe('The client id.'),
  clientSecret: secret.optional().describe('The client secret.'),
  clientAuthentication: z
    .enum(['basic', 'post', 'private-key-jwt', 'tls', 'none'])
    .optional()
    .describe(
      'How the client authenticates: the secret in a header (`basic`) or in the body (`post`), a signed assertion, the client certificate (`tls`), or not at all. Default basic with a secret, none without one.',
    ),
  privateKey: privateKey.optional(),
  keyId: text.optional().describe('Sent as `kid`, so that the server finds the public key.'),
  algorithm: z
    .enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])
    .optional()
    .describe('Signature algorithm. Default: what the key is made for; RS256 for RSA.'),
  assertionAudience: text
    .optional()
    .describe('Audience of the assertion of `private-key-jwt`. Default: the token URL.'),
  scope: z.string().optional().describe('Scopes to ask for, separated by blanks.'),
} as const

/** How calls to a system are authenticated. */
export const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none').describe('No credential.') }),
  z.strictObject({
    type: z.literal('bearer').describe('A token that does not change (RFC 6750).'),
    token: secret.describe('The token.'),
  }),
  z.strictObject({
    type: z.literal('basic').describe('User name and password (RFC 7617).'),
    username: secret.describe('The user name.'),
    password: secret.describe('The password.'),
  }),
  z.strictObject({
    type: z.literal('api-key').describe('A key; exactly one of `header` and `query` names where it goes.'),
    header: text.optional().describe('Header that carries the key.'),
    query: text
      .optional()
      .describe('Query parameter that carries the key; addresses end up in logs, so prefer a header.'),
    value: secret.describe('The key.'),
  }),
  z.strictObject({
    ...tokenEndpointShape,
    type: z.literal('oauth2-client-credentials').describe('OAuth 2.0 client credentials (RFC 6749, 4.4).'),
    audience: z.string().optional().describe('Sent as `audience`, which some authorization servers need.'),
  }),
  z.strictObject({
    ...tokenEndpointShape,
    type: z.literal('oauth2-refresh-token').describe('OAuth 2.0 refresh token (RFC 6749, 6), with rotation.'),
    refreshToken: secret.describe(
      "The first refresh token, from the user's consent. Its successors are stored in the database; a different token here replaces them.",
    ),
  }),
  z.strictObject({
    ...tokenEndpointShape,
    type: z
      .literal('oauth2-jwt-bearer')
      .describe('A signed assertion for a token (RFC 7523, 2.1): Salesforce, Google.'),
    privateKey,
    subject: text.describe('The user to act as.'),
    issuer: text.optional().describe('Issuer of the statement. Default: the client id.'),
    audience: text
      .optional()
      .describe('Audience of the statement, for Salesforce its login address. Default: the token URL.'),
  }),
])

/** The client certificate presented to a system. */
export const clientCertificateSchema = z.strictObject({
  certificate: text.describe('The certificate in PEM, followed by those between it and its authority.'),
  key: secret.describe('Its private key in PEM.'),
  passphrase: secret.optional().describe('Passphrase of an encrypted key.'),
})
