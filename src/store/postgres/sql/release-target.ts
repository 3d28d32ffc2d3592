import type { Session } from '../database.ts'
import type { DirtyMark } from './mark-dirty.ts'

/**
 * Releases records that wait for a counterpart of a record that has become part of another one: they
 * determine again what they wait for. Returns the records to be marked.
 */
export async function releaseTarget(session: Session, recordId: string): Promise<readonly DirtyMark[]> {
  const rows = await session.rows<{ record_id: string; system: string }>(statement, [recordId])
  return rows.map(({ record_id: waiting, system }) => ({ recordId: waiting, system, cause: 'record' }))
}

const statement = {
  name: 'release-target',
  text: `
    with released as (
      delete from dependency where target_record_id = $1::uuid returning record_id, system
    ),
    opened as (
      update member m set lane = 'open', lane_until = null, lane_reason = null, lane_attempts = 0
      where m.lane = 'waiting' and (m.record_id, m.system) in (select record_id, system from released)
    )
    select record_id, system from released`,
}
