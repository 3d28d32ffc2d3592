import type { LookupFunction } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startSocketServer } from '../../../test/support/local-server.ts'
import { UsageError } from '../../model/errors.ts'
import { ApiClient } from '../client.ts'
import { NetworkError } from '../errors.ts'
import type { ApiClientOptions } from '../options.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** A resolver that returns the given responses in order, and the last one from then on. */
function receiving(...responses: readonly (readonly string[])[]): LookupFunction {
  let asked = 0
  return (_hostname, options, callback) => {
    const addresses = responses[Math.min(asked, responses.length - 1)] ?? []
    asked += 1
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all === true) callback(null, found)
    else callback(null, found[0]?.address ?? '', found[0]?.family)
  }
}

async function loopbackListener(): Promise<{ port: string; connections: () => number }> {
  let connections = 0
  const server = await startSocketServer((socket) => {
    connections += 1
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'))
  })
  open.push(server)
  return { port: new URL(server.url).port, connections: () => connections }
}

async function refusal(options: ApiClientOptions): Promise<unknown> {
  const client = new ApiClient({ retry: { retries: 0 }, timeouts: { totalMs: 3_000 }, ...options })
  open.push(client)
  return client.get('/').then(
    () => expect.fail('the call should have been refused'),
    (error: unknown) => error,
  )
}

test('no spelling of an inner address is connected to, and a listener there sees nothing', async () => {
  const { port, connections } = await loopbackListener()
  const hosts = [
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '017700000001',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '127。0。0。1',
    'localhost',
    'LOCALHOST',
    'localhost.',
    '169.254.169.254',
    '10.0.0.1',
    '[fd00::1]',
    '0.0.0.0',
  ]
  for (const host of hosts) {
    const error = await refusal({ baseUrl: `https://${host}:${port}` })
    expect(error, host).toBeInstanceOf(NetworkError)
    expect(error, host).toMatchObject({ outcome: 'not-sent' })
    // Not every resolver accepts the name with its trailing dot.
    if (host !== 'localhost.')
      expect(error, host).toMatchObject({ code: 'HTTP_ADDRESS_REFUSED', retry: 'never' })
  }
  expect(connections()).toBe(0)
})

test('a name is refused when any of its addresses is an inner one', async () => {
  const { port, connections } = await loopbackListener()
  for (const response of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::ffff:127.0.0.1']]) {
    const baseUrl = `https://mixed.example:${port}`
    expect(await refusal({ baseUrl, lookup: receiving(response) })).toMatchObject({
      code: 'HTTP_ADDRESS_REFUSED',
    })
  }
  expect(connections()).toBe(0)
})

test('a name that answers differently the second time (DNS rebinding) is checked at every connect', async () => {
  const { port, connections } = await loopbackListener()
  const lookup = receiving(['127.0.0.2'], ['127.0.0.1'])
  const client = new ApiClient({
    baseUrl: `https://rebinding.example:${port}`,
    lookup,
    // Lets the first response pass, so that the second one is refused.
    allowAddresses: ['127.0.0.2'],
    timeouts: { connectMs: 100, totalMs: 400 },
    retry: { retries: 0 },
  })
  open.push(client)
  await expect(client.get('/')).rejects.not.toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' })
  await expect(client.get('/')).rejects.toMatchObject({ code: 'HTTP_ADDRESS_REFUSED' })
  expect(connections()).toBe(0)
})

test('development on one machine is allowed by an explicit option, a network by its prefix', async () => {
  const { port, connections } = await loopbackListener()
  for (const options of [
    { allowHttp: true },
    { allowHttp: true, allowAddresses: ['127.0.0.0/8'] },
  ] as const) {
    const client = new ApiClient({ baseUrl: `http://127.0.0.1:${port}`, ...options })
    open.push(client)
    await client.get('/')
  }
  expect(connections()).toBe(2)
  for (const entry of ['everything', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8/8', '']) {
    expect(() => new ApiClient({ baseUrl: 'https://a.example', allowAddresses: [entry] })).toThrow(UsageError)
  }
})
