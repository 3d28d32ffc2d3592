/**
 * The store alone: records per second through claim → decide (with one intent) → settle, when remote calls take no time, on a separate durable
 * PostgreSQL. `node bench/store.ts [--records 50000] [--batch 256] [--lanes 3] [--json]`
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createClearCodec } from '../src/store/clear-codec.ts'
import type { ClaimedRecord, Decision, Settlement } from '../src/store/contract.ts'
import { PostgresStore } from '../src/store/postgres/postgres-store.ts'
import { withTestDatabase } from '../test/support/database.ts'

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '50000' },
    batch: { type: 'string', default: '256' },
    lanes: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})
const records = Number(options.records)
const batch = Number(options.batch)
const lanes = Number(options.lanes)

const fieldNames = Array.from({ length: 20 }, (_, n) => `field${n}`)
const agreed = Object.fromEntries(
  fieldNames.map((name) => [name, { value: `value of ${name}`, rev: 2, src: 'crm', at: 1_700_000_000_000 }]),
)
const shadows = Object.fromEntries(fieldNames.map((name) => [name, { shadow: `value of ${name}`, acked: 2 }]))
const revs = Object.fromEntries(fieldNames.slice(0, 3).map((name) => [name, 2]))
const body = Object.fromEntries(fieldNames.slice(0, 3).map((name) => [name, 'a new value']))

function decisionOf({ lease, record }: ClaimedRecord): Decision {
  return {
    lease,
    record: { state: 'active', rev: 2, fields: agreed },
    members: [
      { system: 'crm', state: 'linked', fields: shadows, asof: 1, absorbedVersion: '"7"' },
      { system: 'erp', state: 'linked' },
    ],
    intents: [
      {
        id: randomUUID(),
        recordId: record.id,
        system: 'erp',
        entity: 'customer',
        operation: 'update',
        revs,
        request: { resource: 'partner', nativeId: 'E1', body, values: body, preImage: body },
        createdAt: 1,
        firstSentAt: 1,
        notAfter: 2,
        state: 'open',
      },
    ],
    journal: [
      { kind: 'decision', recordId: record.id, actor: 'worker', body: { changes: body } },
      { kind: 'intent', recordId: record.id, actor: 'worker', body: { system: 'erp', body } },
    ],
  }
}

function settlementOf({ lease, record }: ClaimedRecord, decision: Decision): Settlement {
  return {
    lease,
    members: [{ system: 'erp', fields: shadows, asof: 1, absorbedVersion: '"8"' }],
    resolved: (decision.intents ?? []).map(({ id }) => ({ id, state: 'done', outcome: 'ok' })),
    journal: [{ kind: 'outcome', recordId: record.id, actor: 'worker', body: { system: 'erp', ok: true } }],
    finish: { kind: 'clean', seq: record.dirtySeq },
  }
}

function rate(count: number, from: number): number {
  return Math.round(count / ((performance.now() - from) / 1000))
}

async function takeIn(store: PostgresStore): Promise<void> {
  const requests = Array.from({ length: records }, (_, n) => ({
    delivery: { system: 'crm', deliveryId: randomUUID(), body: Buffer.alloc(200, 'x') },
    marks: [{ system: 'crm', entity: 'customer', nativeId: `C${n}` }],
  }))
  const take = async (lane: number): Promise<void> => {
    for (let at = lane * batch; at < records; at += lanes * batch)
      await store.intake(requests.slice(at, at + batch))
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => take(lane)))
}

async function work(store: PostgresStore, worker: number): Promise<number> {
  const lane = async (): Promise<number> => {
    let done = 0
    for (;;) {
      const { records: claimed } = await store.claim({ worker, limit: batch, leaseMs: 60_000 })
      if (claimed.length === 0) return done
      const decisions = claimed.map(decisionOf)
      await store.decide(decisions)
      const settled = await store.settle(claimed.map((one, n) => settlementOf(one, decisions[n]!)))
      done += settled.filter(({ kind }) => kind === 'ok').length
    }
  }
  const counts = await Promise.all(Array.from({ length: lanes }, lane))
  return counts.reduce((sum, count) => sum + count, 0)
}

const database = await withTestDatabase({ durable: process.env.BENCH_SHARED !== '1' })
const store = new PostgresStore({
  connection: database.connection,
  codec: createClearCodec(Buffer.from('key of the benchmark')),
})
try {
  await store.migrate()
  const worker = await store.registerWorker()
  const result: Record<string, number> = {}
  let from = performance.now()
  await takeIn(store)
  result.discoveredPerSecond = rate(records, from)
  from = performance.now()
  result.firstPassesPerSecond = rate(await work(store, worker.id), from)
  from = performance.now()
  await takeIn(store)
  result.markedPerSecond = rate(records, from)
  from = performance.now()
  const cpu = process.cpuUsage()
  result.passesPerSecond = rate(await work(store, worker.id), from)
  const used = process.cpuUsage(cpu)
  result.clientCpuMicrosecondsPerPass = Math.round((used.user + used.system) / records)
  const [size] = await database.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'isthmus' and c.relkind = 'r' and c.relname in ('record', 'member', 'match_key')`,
  )
  result.bytesPerRecord = Math.round(Number(size?.bytes) / records)
  await worker.close()
  for (const [name, value] of Object.entries(result)) {
    if (!options.json) console.log(`${name.padEnd(30)} ${value}`)
  }
  if (options.json) console.log(JSON.stringify(result))
} finally {
  await store.close()
  await database.close()
}
