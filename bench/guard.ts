/**
 * The cost of the mass-change guard after many changes on one day: reservations of one update each, 62 to a transaction, in a place of many linked
 * records, compared with the same below its fixed limit.
 */
import { createClearCodec } from '../src/store/clear-codec.ts'
import { PostgresStore } from '../src/store/postgres/postgres-store.ts'
import { withTestDatabase } from '../test/support/database.ts'
import { nowMs } from './statistics.ts'

export interface GuardOptions {
  readonly records: number
  readonly rounds: number
  readonly say: (line: string) => void
}

export interface GuardFigures {
  readonly records: number
  /** Microseconds per update below the fixed limit, and beyond it, where the share of the linked records decides. */
  readonly belowUs: number
  readonly beyondUs: number
}

const batch = 62
const guard = { system: 'crm', entity: 'customer', operation: 'update', count: 1, share: 0.5 } as const

export async function benchGuard({ records, rounds, say }: GuardOptions): Promise<GuardFigures> {
  const database = await withTestDatabase({ durable: true })
  const codec = createClearCodec(Buffer.from('key of the benchmark'))
  const store = new PostgresStore({ connection: database.connection, codec })
  try {
    await store.migrate()
    await database.query(
      `insert into isthmus.record (id, entity, state, discovered_at, next_at)
       select md5(i::text)::uuid, 'customer', 'active', 1, 1 from generate_series(1, $1) i`,
      [records],
    )
    await database.query(
      `insert into isthmus.member (record_id, system, entity, rid, state, linked_at, discovered_at)
       select md5(i::text)::uuid, 'crm', 'customer', i::text, 'linked', 1, 1 from generate_series(1, $1) i`,
      [records],
    )
    const time = async (atLeast: number): Promise<number> => {
      const startedAt = nowMs()
      for (let round = 0; round < rounds; round += 1)
        await store.reserveChanges(Array.from({ length: batch }, () => ({ ...guard, atLeast })))
      return Math.round(((nowMs() - startedAt) / rounds / batch) * 1_000)
    }
    const belowUs = await time(Number.MAX_SAFE_INTEGER)
    const beyondUs = await time(1)
    say(`${belowUs} µs per update below the fixed bound, ${beyondUs} µs beyond it`)
    return { records, belowUs, beyondUs }
  } finally {
    await store.close()
    await database.close()
  }
}
