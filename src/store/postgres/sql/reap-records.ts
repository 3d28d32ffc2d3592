import type { Session } from '../database.ts'

/**
 * Releases records of workers whose session lock is gone, and those with an expired lease (a connection that
 * died without either side noticing). Locks of other databases of the same server are ignored.
 */
export async function reapRecords(session: Session, lockClass: number): Promise<number> {
  const rows = await session.rows<{ id: string }>(statement, [lockClass])
  return rows.length
}

const statement = {
  name: 'reap-records',
  text: `
    with live as materialized (
      select objid::bigint as id
      from pg_locks
      where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())
    ),
    lost as (
      select id
      from record
      where lease_owner is not null
        and (lease_until <= (select now_ms()) or lease_owner not in (select id from live))
      order by id
      for no key update skip locked
    )
    update record r set
      lease_owner = null,
      lease_epoch = r.lease_epoch + 1,
      look = union_text(r.look, r.claimed_look),
      claimed_look = '{}',
      causes = add_causes(r.claimed_causes, r.causes),
      claimed_causes = '{}'
    from lost
    where r.id = lost.id
    returning r.id`,
}
