/**
 * The counterpart of the connector `rest`: a fake business system over HTTP with resources of different capabilities, behind the fault proxy.
 *
 * `partners` are as in `src/connectors/rest/fixtures/erp.yaml`: whole records by PUT, ETags required, a counter as change feed. `contacts` are
 * patched, created by an upsert key, and report their changes by time. `notes` have neither versions nor a search, and pages by offset.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { parse } from 'yaml'
import type {
  Counterpart,
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import { type FakeSystem, startFakeSystem } from '../fake-system/fake-system.ts'
import { startFaultProxy } from './fault-proxy.ts'

const token = 'let-me-in'
const secret = `whsec_${Buffer.from('the secret of the counterpart').toString('base64')}`
const manifestFile = new URL('../../../src/connectors/rest/fixtures/erp.yaml', import.meta.url)
const commitLagMs = 400
const size = { parameter: 'limit', value: 7 }

const contacts = {
  path: '/contacts',
  version: { path: 'version', ordered: true, ifMatch: '"{version}"' },
  changedAt: { path: 'updatedAt' },
  read: { batch: { parameter: 'id', max: 20 } },
  list: { paging: 'keyset', after: 'after', next: 'next', size, items: 'data', total: { path: 'total' } },
  changes: {
    by: 'timestamp',
    path: '/contacts/changed',
    since: 'from',
    afterId: 'after',
    position: 'updatedAt',
    more: 'more',
    items: 'data',
    size,
    commitLag: `${commitLagMs}ms`,
    overlap: '1s',
  },
  search: { items: 'data', lag: '100ms', batch: { max: 5 } },
  create: { as: 'upsertKey', field: 'externalId' },
  write: { with: 'patch', nested: 'merge', returns: 'body+version' },
  remove: { delete: true, archive: { archived: true }, restore: { archived: false } },
  inflight: '1s',
  errors: { gone: { code: { path: 'error.code', equals: ['NOT_FOUND', 'MERGED'] } } },
}

const notes = {
  path: '/notes',
  list: { paging: 'offset', parameter: 'offset', size, items: 'data' },
  create: { as: 'idempotencyKey', ttl: '24h' },
  write: { with: 'patch', nested: 'replace', returns: 'body' },
  remove: { delete: true },
}

export const startCounterpart: StartCounterpart = async () => {
  const fake = await startFakeSystem({
    name: 'erp',
    token,
    resources: [
      { name: 'partners', write: 'put', conditional: 'required' },
      { name: 'contacts', write: 'patch', create: 'upsertKey', searchLagMs: 100 },
      {
        name: 'notes',
        write: 'patch',
        create: 'idempotencyKey',
        conditional: 'none',
        versioned: false,
        nested: 'replace',
        unique: 'code',
      },
    ],
  })
  const proxy = await startFaultProxy(fake.url)
  const manifest = parse(readFileSync(manifestFile, 'utf8')) as { resources: object }
  return {
    settings: {
      connector: 'rest',
      url: proxy.url,
      allowHttp: true,
      auth: { type: 'bearer', token },
      webhooks: { secret },
      manifest: { ...manifest, resources: { ...manifest.resources, contacts, notes } },
    },
    resources: ['partners', 'contacts', 'notes'].map((name) => doorOf(fake, name)),
    faults: proxy.faults,
    delivery,
    stop: async () => {
      await proxy.close()
      await fake.close()
    },
  }
}

const delivery: NonNullable<Counterpart['delivery']> = ({ resource, nativeId, deleted = false }) => {
  const id = `msg_${randomUUID()}`
  const at = new Date()
  const type = `${resource}.${deleted ? 'deleted' : 'changed'}`
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { id: nativeId, version: 1 } })
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body: Buffer.from(body),
    receivedAt: at.getTime(),
  }
}

function doorOf(fake: FakeSystem, name: string): CounterpartResource {
  const resource = fake.resource(name)
  const { table } = resource
  const insertAt = (bodies: readonly NativeRecord[], at: number): string[] => {
    resource.clock = () => at
    const nativeIds = bodies.map((body) => table.create(body, 'user').nativeId)
    resource.clock = () => Date.now()
    return nativeIds
  }
  return {
    name,
    body: (seed) => ({
      code: `C-${seed}`,
      name: `Name ${seed}`,
      city: 'Bonn',
      amount: seed % 100,
      address: { street: `Street ${seed}`, zip: '53111' },
    }),
    patch: (seed) => ({ city: `City ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['address', 'street'] }],
    insert: async (body) => table.create(body, 'user').nativeId,
    change: async (nativeId, patch) => void table.patch(nativeId, patch, 'user'),
    remove: async (nativeId) => void table.remove(nativeId, 'user'),
    insertTied: async (bodies) => insertAt(bodies, Date.now()),
    insertLate: async (body, ageMs) => insertAt([body], Date.now() - ageMs)[0] ?? '',
    ...(name === 'partners' && {
      expireCursors: async () => {
        resource.feedBegins = table.changes.length
      },
    }),
    ...(name === 'notes' && {
      refused: () => ({
        code: [...table.nativeIds()].map((nativeId) => table.current(nativeId)?.body?.code)[0],
      }),
    }),
    count: async () => table.size,
  }
}
