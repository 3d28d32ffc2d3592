import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'

const sign = (method: string, url: string, body: Uint8Array | string): string =>
  createHmac('sha256', 'secret').update(`${method} ${url} `).update(body).digest('hex')

test('each attempt is signed anew, over what is really sent', async () => {
  let refuse = true
  await using server = await startServer((request, response) => {
    const expected = sign(request.method, server.url + request.url, request.body)
    const fits = request.headers['x-signature'] === expected
    const status = refuse ? 503 : fits ? 200 : 403
    refuse = false
    sendJson(response, status, {})
  })
  let signed = 0
  const client = new ApiClient({
    baseUrl: server.url,
    allowHttp: true,
    retry: { baseMs: 1 },
    auth: {
      type: 'sign',
      sign: async ({ method, url, body }) => {
        signed += 1
        return { headers: { 'x-signature': sign(method, url, body ?? '') } }
      },
    },
  })
  expect(
    await client.put('/a/{b}', { path: { b: 'x y' }, query: { q: 'ö&' }, json: { name: 'Zoë' } }),
  ).toEqual({})
  expect(signed).toBe(2)
  await client.close()
})
