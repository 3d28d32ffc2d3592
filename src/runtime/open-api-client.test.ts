import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { mockTransport } from '../testing.ts'
import { openApiClient } from './open-api-client.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-client-'))
beforeAll(() => {
  writeFileSync(path.join(directory, '.env'), 'CRM_URL=https://crm.example.com/v2\nCRM_TOKEN=canary-token\n')
  writeFileSync(path.join(directory, 'key.txt'), 'canary-key\n')
})
afterAll(() => rmSync(directory, { recursive: true }))

/** The contents of `systems.crm` in a definition, including the parts that do not concern the client. */
const section = parse(`
connector: rest
manifest: json-server
url: \${env:CRM_URL}
auth: { type: bearer, token: "\${env:CRM_TOKEN}" }
headers: { x-key: "\${file:key.txt}" }
limits: { concurrency: 4, perSecond: 5, reserve: 30 % }
timing: { readTimeout: 5s }
webhooks: { secret: "\${env:CRM_TOKEN}" }
timeouts: { totalMs: 1000 }
retry: { retries: 1, baseMs: 1 }
breaker: false
response: { numbers: double }
`)

test("a definition's section makes a client, its secrets from .env and files", async () => {
  const mock = mockTransport(({ url, headers }) => ({
    json: [url.href, headers.authorization, headers['x-key']],
  }))
  const client = openApiClient(section, { directory, inCode: { transport: mock.transport } })
  expect(await client.get('/users')).toEqual([
    'https://crm.example.com/v2/users',
    'Bearer canary-token',
    'canary-key',
  ])
})

test('its options are in force', async () => {
  const mock = mockTransport(() => ({ status: 503 }))
  const client = openApiClient(section, { directory, inCode: { transport: mock.transport } })
  await expect(client.get('/users')).rejects.toMatchObject({ status: 503 })
  expect(mock.requests).toHaveLength(2)
})

test('a variable that is not set is named with the place that uses it', () => {
  expect(() => openApiClient(section, { directory, environment: {}, name: 'systems.crm' })).toThrow(
    /CRM_URL is not set \(used by systems\.crm\.url\)/,
  )
})

test.each([
  [{ retry: { attempts: 3 } }, /retry\.attempts|attempts/],
  [{ timeouts: { totalMs: 0 } }, /timeouts\.totalMs is 0/],
  [{ auth: { type: 'oauth2-jwt-bearer', tokenUrl: 'https://x.example.com' } }, /privateKey/],
  [{ auth: { type: 'magic' } }, /type/],
])('the wrong option %j is named, and no value is quoted', (wrong, message) => {
  const make = () => openApiClient({ ...section, ...wrong }, { directory })
  expect(make).toThrow(message)
  expect(make).not.toThrow(/canary/)
})
