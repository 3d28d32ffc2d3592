/** The `auth` and `tls` parts of a system's section. Their shape is that of the API client's options, one to one. */
import { z } from 'zod'

const secret = z.string().min(1)

const tokenEndpointShape = {
  tokenUrl: z.string().min(1),
  clientId: secret,
  clientSecret: secret.optional(),
  clientAuthentication: z.enum(['basic', 'post', 'private-key-jwt', 'tls', 'none']).optional(),
  privateKey: secret.optional(),
  keyId: z.string().min(1).optional(),
  algorithm: z.enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']).optional(),
  assertionAudience: z.string().min(1).optional(),
  scope: z.string().optional(),
} as const

/** How calls to a system are authenticated. */
export const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('bearer'), token: secret }),
  z.strictObject({ type: z.literal('basic'), username: secret, password: secret }),
  z.strictObject({
    type: z.literal('api-key'),
    header: z.string().min(1).optional(),
    query: z.string().min(1).optional(),
    value: secret,
  }),
  z.strictObject({
    ...tokenEndpointShape,
    type: z.literal('oauth2-client-credentials'),
    audience: z.string().optional(),
  }),
  z.strictObject({ ...tokenEndpointShape, type: z.literal('oauth2-refresh-token'), refreshToken: secret }),
  z.strictObject({
    ...tokenEndpointShape,
    type: z.literal('oauth2-jwt-bearer'),
    privateKey: secret,
    subject: z.string().min(1),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
  }),
])

/** The client certificate shown to a system. */
export const clientCertificateSchema = z.strictObject({
  certificate: z.string().min(1),
  key: secret,
  passphrase: secret.optional(),
})
