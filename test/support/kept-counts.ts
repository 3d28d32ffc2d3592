/** The counts that the database keeps for the status, compared with what its tables hold. */
import { expect } from 'vitest'
import type { TestDatabase } from './database.ts'

export async function expectKeptCounts(database: TestDatabase, schema: string): Promise<void> {
  const kept = await database.query(
    `select subject, system, entity, value, sum(count)::int as count, sum(linked)::int as linked
     from (select * from ${schema}.kept_count union all select * from ${schema}.count_change) c
     group by subject, system, entity, value
     having sum(count) <> 0 or sum(linked) <> 0
     order by subject, system, entity, value`,
  )
  const counted = await database.query(
    `select 'record' as subject, '' as system, '' as entity, state as value, count(*)::int as count, 0 as linked
     from ${schema}.record group by state
     union all
     select 'member', system, entity, lane, count(*)::int,
       (count(*) filter (where state in ('linked', 'suspect')))::int
     from ${schema}.member group by system, entity, lane
     order by subject, system, entity, value`,
  )
  expect(kept).toEqual(counted)
}
