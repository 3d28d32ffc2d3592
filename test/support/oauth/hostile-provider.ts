/** An identity provider that issues whatever ID token a test asks for. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'

/** What is different from an honest ID token. */
export interface Lie {
  readonly claims?: Readonly<Record<string, unknown>>
  /** Returns the token in place of an honest signature. */
  readonly sign?: (payload: JWTPayload, keys: Keys) => string | Promise<string>
  /** The metadata lists these algorithms. */
  readonly algorithms?: readonly string[]
  /** Issuer that the metadata names. */
  readonly issuer?: string
  /** Parameters of the callback beside code, state and iss. */
  readonly callback?: Readonly<Record<string, string>>
}

export interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** As an attacker would use it as a secret. */
  readonly publicPem: string
}

export interface HostileProvider {
  readonly url: string
  lie: Lie
  /** Acts as the person: returns the query of the callback. */
  approve(authorizationUrl: string): URLSearchParams
  close(): Promise<void>
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token without a signature. */
export function unsigned(payload: JWTPayload): string {
  return `${base64({ alg: 'none' })}.${base64(payload)}.`
}

/** A token whose secret is the public key. */
export function signedWithPublicKey(payload: JWTPayload, { publicPem }: Keys): string {
  const text = `${base64({ alg: 'HS256', kid: 'k1' })}.${base64(payload)}`
  return `${text}.${createHmac('sha256', publicPem).update(text).digest('base64url')}`
}

/** A token signed with a key that the provider does not publish. */
export function signedWithOtherKey(payload: JWTPayload): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey)
}

export async function startHostileProvider(clientId: string): Promise<HostileProvider> {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const keys = { ...pair, publicPem }
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const nonces = new Map<string, string>()
  let codes = 0
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: HostileProvider = {
    url,
    lie: {},
    approve: (authorizationUrl) => {
      const asked = new URL(authorizationUrl).searchParams
      codes += 1
      nonces.set(`code-${codes}`, asked.get('nonce') ?? '')
      return new URLSearchParams({
        code: `code-${codes}`,
        state: asked.get('state') ?? '',
        iss: url,
        ...provider.lie.callback,
      })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const idToken = async (code: string): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const payload: JWTPayload = {
      iss: url,
      sub: 'ada',
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce: nonces.get(code),
      groups: ['operators'],
      ...(provider.lie.claims as JWTPayload | undefined),
    }
    const { sign } = provider.lie
    if (sign !== undefined) return await sign(payload, keys)
    return await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(pair.privateKey)
  }
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const bodies: Readonly<Record<string, () => unknown>> = {
        '/.well-known/openid-configuration': () => ({
          issuer: provider.lie.issuer ?? url,
          authorization_endpoint: `${url}/auth`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/jwks`,
          authorization_response_iss_parameter_supported: true,
          id_token_signing_alg_values_supported: provider.lie.algorithms ?? ['RS256'],
        }),
        '/jwks': () => ({ keys: [jwk] }),
        '/token': async () => ({
          access_token: 'x',
          token_type: 'bearer',
          id_token: await idToken(form.get('code') ?? ''),
        }),
      }
      const make = bodies[request.url ?? '']
      response.writeHead(make === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(make === undefined ? {} : await make()))
    })
  })
  return provider
}
