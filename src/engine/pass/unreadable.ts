/**
 * Records with a stored row that can't be read: changed from outside, or written with another key.
 *
 * Without all its rows nothing can be decided about a record, so no pass runs. It is given back with a
 * failure that names the row, and retried with back-off, since the row may be restored at any time; other
 * records are not affected.
 */
import { unreadableCodes } from '../../model/unreadable-row.ts'
import type { UnreadableRecord } from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'
import type { Pass } from './contract.ts'
import { finishOfUnreadable } from './finish.ts'

/** Returns when the record is claimed again. */
export async function postponeUnreadable(
  context: EngineContext,
  { lease, entity, system, code, message, times }: UnreadableRecord,
): Promise<number> {
  const { recordId } = lease
  const finish = finishOfUnreadable(context, times)
  const failure = { recordId, entity, system, operation: 'pass', code, message }
  const signature = [entity, system, 'pass', code].join(':')
  await context.store.settle({
    lease,
    failures: [{ ...failure, signature, replay: 'after-check' }],
    finish,
  })
  // Reported once: the retries of a row that nobody has restored yet are nothing new.
  if (times === 0) context.emit({ type: 'FailureKept', ...failure })
  return finish.at
}

/**
 * All rows of the record can be read again: what an earlier claim reported is over. Committed by itself,
 * since some passes end in a commit that carries nothing else. Returns false when the record does not belong
 * to this pass any more.
 */
export async function clearUnreadable({ context, claim, record, members }: Pass): Promise<boolean> {
  if (claim.wasUnreadable !== true) return true
  const systems = [...members.keys()]
  const result = await context.store.settle({
    lease: claim.lease,
    clearedFailures: systems.flatMap((system) =>
      unreadableCodes.map((code) => ({ recordId: record.id, system, code })),
    ),
    finish: { kind: 'keep' },
  })
  if (result.kind !== 'ok') return false
  for (const system of systems) context.emit({ type: 'FailureCleared', recordId: record.id, system })
  return true
}
