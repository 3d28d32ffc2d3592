/**
 * A third-party authorization server (oidc-provider), with login by consent and rotating refresh tokens, and an API that accepts its access tokens. A
 * refresh token that is used twice revokes the whole grant there, as RFC 9700 requires.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export interface ConsentServer {
  /** Base address of the API. */
  readonly apiUrl: string
  readonly tokenUrl: string
  /** Logs in, consents, and returns the first refresh token. */
  consent(): Promise<string>
  /** Grants that were revoked because an old refresh token was used. */
  revoked(): number
  /** Number of used refresh tokens. */
  renewed(): number
  /** Calls of the API that returned records, and refused ones. */
  calls(): { readonly served: number; readonly refused: number }
  close(): Promise<void>
}

export const client = { id: 'app', secret: 'shh' }
const callback = 'http://127.0.0.1:1/callback'
const people = Array.from({ length: 5 }, (_, index) => ({
  id: String(index + 1),
  name: `Person ${index + 1}`,
  email: `person${index + 1}@example.org`,
}))

/** @param lifeSeconds lifetime of an access token */
export async function startConsentServer(lifeSeconds: number): Promise<ConsentServer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [callback],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: ['openid', 'offline_access'],
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    pkce: { required: () => false },
    ttl: {
      AccessToken: lifeSeconds,
      RefreshToken: 3_600,
      Grant: 3_600,
      Session: 3_600,
      Interaction: 600,
      IdToken: 3_600,
    },
    features: { devInteractions: { enabled: true } },
  })
  const counts = { revoked: 0, renewed: 0, served: 0, refused: 0 }
  provider.on('grant.revoked', () => {
    counts.revoked += 1
  })
  provider.on('refresh_token.consumed', () => {
    counts.renewed += 1
  })
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/api/') !== true) return void handle(request, response)
    void serve(provider, request, response).then((isServed) => {
      counts[isServed ? 'served' : 'refused'] += 1
    })
  })
  return {
    apiUrl: `${url}/api`,
    tokenUrl: `${url}/token`,
    consent: () => consent(url),
    revoked: () => counts.revoked,
    renewed: () => counts.renewed,
    calls: () => ({ served: counts.served, refused: counts.refused }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  const token = given === undefined ? undefined : await provider.AccessToken.find(given)
  const isKnown = token !== undefined && !token.isExpired
  const id = request.url?.split('/')[3]
  const found = id === undefined ? people : people.find((person) => person.id === id)
  const status = !isKnown ? 401 : found === undefined ? 404 : 200
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(isKnown ? (found ?? {}) : { error: 'invalid_token' }))
  return isKnown
}

/** Acts as the browser: submits the forms of the provider's development pages, with any name and password. */
async function consent(url: string): Promise<string> {
  const cookies = new Map<string, string>()
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: 'openid offline_access',
    redirect_uri: callback,
    prompt: 'consent',
  })
  let place = `${url}/auth?${query}`
  for (let step = 0; step < 12 && !place.startsWith(callback); step += 1) {
    const page = await visit(cookies, place, {})
    const location = page.headers.get('location')
    if (location !== null) {
      place = new URL(location, url).href
      continue
    }
    const html = await page.text()
    const action = /action="([^"]+)"/.exec(html)?.[1] ?? ''
    const prompt = /name="prompt" value="([^"]+)"/.exec(html)?.[1] ?? 'login'
    const body = new URLSearchParams({ prompt, login: 'ada', password: 'x' })
    const sent = await visit(cookies, new URL(action, url).href, { method: 'POST', body })
    place = new URL(sent.headers.get('location') ?? '', url).href
  }
  const reply = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: new URL(place).searchParams.get('code') ?? '',
      redirect_uri: callback,
      client_id: client.id,
      client_secret: client.secret,
    }),
  })
  const { refresh_token: token } = (await reply.json()) as { readonly refresh_token?: string }
  if (token === undefined) throw new RangeError('the login gave no refresh token')
  return token
}

async function visit(cookies: Map<string, string>, url: string, init: RequestInit): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
  return response
}
