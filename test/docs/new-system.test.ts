/** The REST system of the connector author's guide is complete, is described in less than forty lines, and passes every probe. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { CounterpartResource } from '../../src/connectors/kit/conformance/counterpart.ts'
import { connectorProbes } from '../../src/connectors/kit/conformance/probes.ts'
import { runProbe } from '../../src/connectors/kit/conformance/run-probe.ts'
import { rest } from '../../src/connectors/rest/index.ts'
import { startFaultProxy } from '../support/counterparts/fault-proxy.ts'
import { startFakeSystem } from '../support/fake-system/fake-system.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/how-to/write-a-connector.md'), 'utf8')
const yaml = /```yaml\n(desk:[\s\S]*?)```/.exec(page)?.[1] ?? ''
const token = 'let-me-in'
const clock = { now: () => Date.now(), monotonic: () => performance.now() }

const desk = await startFakeSystem({
  name: 'desk',
  token,
  resources: [{ name: 'tickets', write: 'patch', create: 'upsertKey' }],
})
const proxy = await startFaultProxy(desk.url)

afterAll(async () => {
  await proxy.close()
  await desk.close()
})

/** The section as the runtime would bind it: variables resolved, the connector's name removed. */
function section(): Record<string, unknown> {
  const secret = `whsec_${Buffer.from('the secret of the desk').toString('base64')}`
  const variables: Record<string, string> = {
    DESK_URL: proxy.url,
    DESK_TOKEN: token,
    DESK_HOOK_SECRET: secret,
  }
  const text = yaml.replaceAll(/\$\{env:(\w+)\}/g, (_, name: string) => variables[name] ?? '')
  const { connector, ...config } = (parse(text) as { desk: { connector: string } }).desk
  expect(connector).toBe('rest')
  return config
}

const { table } = desk.resource('tickets')
const door: CounterpartResource = {
  name: 'tickets',
  body: (seed) => ({
    subject: `Ticket ${seed}`,
    state: 'open',
    requester: { name: `Name ${seed}`, city: 'Bonn' },
  }),
  patch: (seed) => ({ state: `state ${seed}` }),
  texts: [{ path: ['subject'] }, { path: ['requester', 'name'] }],
  insert: async (body) => table.create(body, 'user').nativeId,
  change: async (nativeId, patch) => void table.patch(nativeId, patch, 'user'),
  remove: async (nativeId) => void table.remove(nativeId, 'user'),
  count: async () => table.size,
}

test('a new REST system takes less than forty lines of YAML', () => {
  expect(yaml.trimEnd().split('\n').length).toBeLessThan(40)
})

test.each(connectorProbes)('the help desk of the guide: $proves', async (probe) => {
  const timing = { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 4 }
  const connect = () =>
    rest.connect({ name: 'desk', connector: 'rest', config: section(), timing }, { clock })
  const counterpart = {
    settings: { connector: 'rest' },
    resources: [door],
    faults: proxy.faults,
    stop: async () => {},
  }
  const { outcome } = await runProbe(probe, {
    connect,
    resource: 'tickets',
    clock,
    template: door,
    counterpart,
    door,
  })
  expect(outcome.kind === 'failed' ? outcome.words : '').toBe('')
})
