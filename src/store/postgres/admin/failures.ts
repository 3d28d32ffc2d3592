/** Retries failures: their lanes open, and refused values may be sent once more. */

import { readOrElse } from '../../../model/unreadable-row.ts'
import type { JournalEntry } from '../../contract.ts'
import { decodeMember, encodeMember } from '../../documents.ts'
import { withoutRejections } from '../../interventions.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import { agreedOf } from '../member-documents.ts'
import { closeFailures } from '../sql/close-failures.ts'
import { changeLanes, forgetAttempts, type LaneChange } from '../sql/intervene.ts'
import { type FailureLane, findFailures } from '../sql/list-failures.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { readMembers } from '../sql/read-members.ts'
import { readNow } from '../sql/read-now.ts'
import { readRecords } from '../sql/read-records.ts'
import { isUuid } from './ids.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

const sliceRows = 200

/** Implements `AdminStore.retryFailures`. */
export async function retryFailures(
  context: PostgresContext,
  filter: { readonly recordId?: string; readonly system?: string; readonly signature?: string },
  actor: string,
): Promise<number> {
  if (filter.recordId !== undefined && !isUuid(filter.recordId)) return 0
  const session = context.database.session('finding failures')
  // Failures that recur meanwhile are not retried again, otherwise this would never end.
  const until = await readNow(session)
  let retried = 0
  for (;;) {
    const lanes = await findFailures(session, filter, until, sliceRows)
    if (lanes.length === 0) return retried
    const ids = [...new Set(lanes.map(({ record_id: id }) => id))]
    await waitForWorkers(context, ids)
    await context.journal.borrow((append) =>
      context.database.transaction('retrying failures', async (session) => {
        const [first] = await takeBack(session, ids)
        await reopen(context, session, lanes)
        if (first !== undefined)
          await append(
            session,
            lanes.map((lane) => retryEntry(lane, actor)),
            first.now,
          )
      }),
    )
    retried += lanes.length
  }
}

async function reopen(
  storeContext: PostgresContext,
  session: Session,
  lanes: readonly FailureLane[],
): Promise<void> {
  const ids = [...new Set(lanes.map(({ record_id: id }) => id))]
  const context = await contextOf(storeContext, ids, session)
  const wanted = new Set(lanes.map((lane) => `${lane.record_id}/${lane.system}`))
  const [members, records] = [await readMembers(session, ids), await readRecords(session, ids)]
  const agreed = agreedOf(context, records)
  const changes = members
    .filter((member) => wanted.has(`${member.record_id}/${member.system}`))
    .map(({ record_id: recordId, system, fields }): LaneChange => {
      // Fields that can't be read are left as they are: the retry tells whether they were restored.
      const changed = readOrElse(
        () =>
          fields &&
          withoutRejections(decodeMember(context.codec, recordId, system, fields, agreed(recordId))),
        () => null,
      )
      return {
        recordId,
        system,
        lane: 'open',
        reason: undefined,
        fields: changed === null ? undefined : encodeMember(context, recordId, system, changed),
      }
    })
  await changeLanes(session, changes)
  const failed = lanes.map(({ record_id: recordId, system }) => ({ recordId, system }))
  await closeFailures(session, failed)
  await forgetAttempts(session, ids)
  await markDirty(
    session,
    failed.map((lane) => ({ ...lane, cause: 'person:retry' as const })),
  )
}

function retryEntry({ record_id: recordId, system, signature }: FailureLane, actor: string): JournalEntry {
  return { kind: 'person', recordId, actor, body: { retried: system, signature } }
}
