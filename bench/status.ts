/**
 * The counts of the status over many records, at rest and with all of them in the queue: the time until they are there, and the processor time of
 * PostgreSQL for them. Each round counts anew.
 */
import { createClearCodec } from '../src/store/clear-codec.ts'
import { PostgresStore } from '../src/store/postgres/postgres-store.ts'
import { withTestDatabase } from '../test/support/database.ts'
import { cpuMsOfFamily, postgresServersOf } from './cpu.ts'
import { nowMs, percentile, rounded } from './statistics.ts'

export interface StatusOptions {
  readonly records: number
  readonly rounds: number
  readonly say: (line: string) => void
}

interface Cost {
  readonly ms: number
  readonly postgresMs: number
}

export interface StatusFigures {
  readonly records: number
  readonly atRest: Cost
  readonly allQueued: Cost
}

export async function benchStatus({ records, rounds, say }: StatusOptions): Promise<StatusFigures> {
  const database = await withTestDatabase({ durable: true })
  const servers = postgresServersOf(process.pid)
  const codec = createClearCodec(Buffer.from('key of the benchmark'))
  const store = new PostgresStore({ connection: database.connection, codec })
  const measure = async (): Promise<Cost> => {
    const times: number[] = []
    let postgresMs = 0
    for (let round = 0; round < rounds; round += 1) {
      const fresh = new PostgresStore({ connection: database.connection, codec })
      await fresh.now()
      const before = cpuMsOfFamily(servers)
      const startedAt = nowMs()
      await fresh.admin.status()
      times.push(nowMs() - startedAt)
      postgresMs += cpuMsOfFamily(servers) - before
      await fresh.close()
    }
    return { ms: rounded(percentile(times, 0.5)), postgresMs: rounded(postgresMs / rounds) }
  }
  try {
    await store.migrate()
    await fill(database, records)
    await store.reap()
    const atRest = await measure()
    await database.query(`update isthmus.record set dirty_seq = 2`)
    await database.query('vacuum analyze isthmus.record')
    const allQueued = await measure()
    say(
      `status of ${records} records: ${atRest.ms} ms at rest, ${allQueued.ms} ms with all of them in the queue`,
    )
    return { records, atRest, allQueued }
  } finally {
    await store.close()
    await database.close()
  }
}

async function fill(database: Awaited<ReturnType<typeof withTestDatabase>>, records: number): Promise<void> {
  await database.query(
    `insert into isthmus.record (id, entity, state, discovered_at, next_at, dirty_seq, clean_seq, fields)
     select md5(i::text)::uuid, 'customer', 'active', 1, 1, 1, 1, convert_to(repeat('x', 400), 'utf8')
     from generate_series(1, $1) i`,
    [records],
  )
  for (const system of ['crm', 'erp']) {
    await database.query(
      `insert into isthmus.member (record_id, system, entity, state, linked_at, discovered_at, fields)
       select md5(i::text)::uuid, $2, 'customer', 'linked', 1, 1, convert_to(repeat('x', 400), 'utf8')
       from generate_series(1, $1) i`,
      [records, system],
    )
  }
  await database.query('vacuum analyze isthmus.record')
  await database.query('vacuum analyze isthmus.member')
}
