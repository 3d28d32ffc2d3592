/**
 * The counterpart of the connector `memory`: three tables with different capabilities. There is no network; faults use the connector's own fault
 * hook, so statuses become its kinds: throttled, unreachable (a refused credential), dropped without a response, response lost.
 */
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type {
  Counterpart,
  CounterpartFaults,
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { MemoryCall, MemoryCounterpart, MemoryFault } from '../../../src/connectors/memory/client.ts'
import type { MemoryConfigInput } from '../../../src/connectors/memory/config.ts'
import { createMemorySystem } from '../../../src/connectors/memory/index.ts'

const secret = `whsec_${Buffer.from('the secret of a twin').toString('base64')}`
const list = { pageSize: 7 } as const

const resources: MemoryConfigInput['resources'] = {
  people: { capabilities: { list, search: { lagMs: 50 } } },
  items: {
    capabilities: {
      list,
      write: 'put',
      create: 'upsertKey',
      search: { equality: 'ignoringCaseAndSpace', batch: 5 },
      read: { lagMs: 100, batch: 1 },
      changes: { cursor: 'ts+id', commitLagMs: 300 },
      deletes: 'byId',
      version: 'opaque',
    },
  },
  notes: {
    capabilities: {
      list: { ...list, paging: 'offset' },
      nested: 'replace',
      create: 'idempotencyKey',
      search: null,
      conditionalWrites: false,
      version: 'none',
      writeReturns: 'nothing',
      changes: { cursor: 'none' },
      deletes: 'byId',
      remove: 'delete',
    },
  },
}

const clock = {
  time: undefined as number | undefined,
  now: () => clock.time ?? Date.now(),
  monotonic: () => performance.now(),
}

export const startCounterpart: StartCounterpart = async () => {
  const { system, twin } = createMemorySystem({
    name: 'memory-test',
    config: { resources, webhooks: { secret } },
    clock,
    random: Math.random,
  })
  return {
    settings: { connector: 'memory', resources },
    connect: () => system,
    resources: Object.keys(resources).map((name) => doorOf(twin, name)),
    faults: faultsOf(twin),
    delivery,
    stop: async () => {},
  }
}

const delivery: NonNullable<Counterpart['delivery']> = ({ resource, nativeId, deleted = false }) => {
  const id = `msg_${randomUUID()}`
  const at = new Date()
  const body = JSON.stringify({ changed: [{ resource, nativeId, ...(deleted ? { deleted } : {}) }] })
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body: Buffer.from(body),
    receivedAt: at.getTime(),
  }
}

const methods: Readonly<Record<MemoryCall['operation'], string>> = {
  read: 'GET',
  list: 'GET',
  changes: 'GET',
  find: 'GET',
  create: 'POST',
  update: 'PATCH',
  remove: 'DELETE',
  restore: 'PATCH',
}

function faultsOf(twin: MemoryCounterpart): CounterpartFaults {
  let armed: { readonly fault: MemoryFault; readonly method?: string; after: number }[] = []
  twin.fault = ({ operation }) => {
    const fitting = armed.filter(({ method }) => (method ?? methods[operation]) === methods[operation])
    const due = fitting.find(({ after }) => after === 0)
    if (due === undefined) for (const one of fitting) one.after -= 1
    else armed = armed.filter((one) => one !== due)
    return due?.fault
  }
  const arm = (fault: MemoryFault, { method, after = 0 }: { method?: string; after?: number }): void => {
    armed.push({ fault, after, ...(method === undefined ? {} : { method }) })
  }
  return {
    respondNext: (fault) => arm(kindOf(fault), fault),
    loseNextResponse: (fault = {}) => arm({ kind: 'lose-response' }, fault),
    clear: () => {
      armed = []
    },
  }
}

function kindOf({
  status,
  retryAfterSeconds = 1,
}: Parameters<CounterpartFaults['respondNext']>[0]): MemoryFault {
  if (status === 429) return { kind: 'throttle', afterMs: retryAfterSeconds * 1_000 }
  return { kind: status === 401 || status === 403 ? 'unreachable' : 'drop' }
}

function doorOf(twin: MemoryCounterpart, name: string): CounterpartResource {
  const table = twin.tables.get(name)
  if (table === undefined) throw new RangeError(`the twin has no ${name}`)
  const insertAt = (bodies: readonly Readonly<Record<string, unknown>>[], at: number): string[] => {
    clock.time = at
    const nativeIds = bodies.map((body) => table.put(table.nextId(), body).nativeId)
    clock.time = undefined
    return nativeIds
  }
  return {
    name,
    body: (seed) => ({
      name: `Name ${seed}`,
      city: 'Bonn',
      address: { street: `Street ${seed}`, zip: '53111' },
    }),
    patch: (seed) => ({ city: `City ${seed}` }),
    texts: [{ path: ['name'] }, { path: ['address', 'street'] }],
    insert: async (body) => table.put(table.nextId(), body).nativeId,
    change: async (nativeId, patch) => void table.patch(nativeId, patch),
    remove: async (nativeId) => void table.remove(nativeId),
    insertTied: async (bodies) => insertAt(bodies, Date.now()),
    insertLate: async (body, ageMs) => insertAt([body], Date.now() - ageMs)[0] ?? '',
    count: async () => [...table.living()].length,
    waivers: {
      'failed-write-says-what-it-may-have-done':
        'A twin has no statuses: it tells throttled and unreachable from dropped, and never refuses data.',
    },
  }
}
