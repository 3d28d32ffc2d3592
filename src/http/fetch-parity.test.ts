/**
 * What callers of `fetch` rely on: each situation is played with the platform's own and with `createFetch`,
 * and the caller has to see the same.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchPlays } from '../../test/support/fetch-plays/all.ts'
import { outcomeOf, type Respond } from '../../test/support/fetch-plays/play.ts'
import { ApiClient } from './client.ts'
import { createFetch, type FetchLike } from './fetch-adapter.ts'

let respond: Respond = () => undefined
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('error', () => undefined)
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => respond(request, response, Buffer.concat(parts).toString()))
})
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test.each(fetchPlays)('$name', async (one) => {
  ;({ respond } = one)
  const client = new ApiClient({ baseUrl: url, allowHttp: true, retry: { retries: 0 } })
  const play = (fetch: FetchLike) => outcomeOf(() => one.play(fetch, url))
  try {
    const own = await play(fetch)
    expect(await play(createFetch(client))).toEqual(own)
  } finally {
    await client.close()
  }
})
