/** Authentication and tokens. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { describe, expect, test } from 'vitest'
import {
  basic,
  context,
  make,
  open,
  partner,
  start,
  tokenFetches,
  writesTo,
} from '../../../test/support/sap/connected.ts'

describe('sessions', () => {
  test('writes at the same time share one token, and every request names client and language', async () => {
    const { sap, partners } = await start({}, { language: 'DE' })
    const made = await Promise.all([1, 2, 3, 4].map((n) => make(partners, partner, n)))
    expect(made.every(({ kind }) => kind === 'ok')).toBe(true)
    expect(tokenFetches(sap.server.seen)).toHaveLength(1)
    expect(sap.server.seen.every(({ url }) => url.includes('sap-client=100&sap-language=DE'))).toBe(true)
  })

  test('a session that has ended is renewed and the write sent again, once', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.sessions.endAll()
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
    expect(tokenFetches(sap.server.seen)).toHaveLength(2)
    expect(sap.partners.count()).toBe(2)
  })

  test('a session that nobody used for half an hour is renewed', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.store.clock.set(Date.now() + 31 * 60_000)
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
  })

  test('a 403 about rights is not tried again', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.intercept = ({ method }) =>
      method === 'POST' ? { status: 403, headers: {}, body: 'no authorization' } : undefined
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
    expect(writesTo(sap.server.seen)).toHaveLength(2)
  })

  test('without a token nothing is sent, and that is what the outcome says', async () => {
    const { sap, partners } = await start()
    sap.server.intercept = ({ headers }) =>
      headers['x-csrf-token'] === undefined ? undefined : { status: 500, headers: {}, body: '' }
    expect(await make(partners)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
    expect(writesTo(sap.server.seen)).toHaveLength(0)
  })

  test('a token by client credentials from a real authorization server opens the door', async () => {
    const provider = await startProvider()
    open.push(provider)
    const { partners } = await start(
      { admits: (authorization) => provider.knows(authorization) },
      {
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${provider.url}/token`,
          clientId: 'isthmus',
          clientSecret: 'of-the-communication-user',
        },
      },
    )
    expect(await make(partners)).toMatchObject({ kind: 'ok' })
    await provider.revokeAll()
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
    expect(provider.issued()).toBe(2)
  })

  test('a wrong password concerns the whole system', async () => {
    const { partners } = await start({}, { auth: { ...basic, password: 'wrong' } })
    expect(await partners.read('1', context)).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
    expect(await make(partners)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
  })
})

/**
 * An authorization server like that of SAP's BTP or a communication arrangement, from a third-party package.
 */
async function startProvider() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'isthmus',
        client_secret: 'of-the-communication-user',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: { ClientCredentials: 600 },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  })
  let issued = 0
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token') issued += 1
    void handle(request, response)
  })
  const revoked = new Set<string>()
  const accepted = new Set<string>()
  return {
    url,
    issued: () => issued,
    async knows(authorization: string | undefined): Promise<boolean> {
      const token = authorization?.replace('Bearer ', '') ?? ''
      accepted.add(token)
      return !revoked.has(token) && (await provider.ClientCredentials.find(token)) !== undefined
    },
    async revokeAll(): Promise<void> {
      for (const token of accepted) revoked.add(token)
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
