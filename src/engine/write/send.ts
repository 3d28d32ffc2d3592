/**
 * Sends one write, or doesn't: never late, never without its intent, never longer than its limit.
 *
 * A request starts only while its whole time limit still fits before `notAfter` and before the end of the lease. Both are checked on this
 * process's own clock, again right before the call, since a process may stand still in between (H15).
 */
import type { Intent } from '../../model/state.ts'
import type { OutgoingWrite, Pass, SendOutcome } from '../context.ts'
import { priorityOf } from '../pass/priority.ts'

/** Sends a write whose intent is committed, and tells what came of it. Never rejects. */
export async function send(pass: Pass, write: OutgoingWrite): Promise<SendOutcome> {
  const { context } = pass
  const { intent } = write
  const { clock } = context
  const limitMs = context.integration.systems.get(intent.system)?.timing.writeTimeoutMs
  if (limitMs === undefined) return { kind: 'unsent', reason: 'shut' }
  const priority = await priorityOf(pass)
  const startBefore = Math.min(
    clock.monotonic() + (intent.notAfter - limitMs - clock.now()),
    pass.deadline - limitMs,
  )
  if (startBefore <= clock.monotonic()) return { kind: 'unsent', reason: 'late' }
  const startedAt = clock.now()
  const outcome = await context.writer.write({
    write,
    startBefore,
    priority,
    signal: pass.signal,
    sent: () => emitSent(pass, intent),
  })
  if (intent.operation === 'create' && outcome.kind === 'ok') {
    context.answeredCreates.keep(intent.id, outcome.nativeId)
  }
  const shut = outcome.kind === 'unsent' && outcome.reason === 'shut'
  if (!shut) emitSettled(pass, intent, outcome, clock.now() - startedAt)
  return outcome
}

function emitSent(pass: Pass, intent: Intent): void {
  pass.context.emit({
    type: 'WriteSent',
    recordId: intent.recordId,
    entity: intent.entity,
    system: intent.system,
    operation: intent.operation,
    intentId: intent.id,
  })
}

function emitSettled(pass: Pass, intent: Intent, outcome: SendOutcome, latencyMs: number): void {
  pass.context.emit({
    type: 'WriteSettled',
    recordId: intent.recordId,
    entity: intent.entity,
    system: intent.system,
    operation: intent.operation,
    intentId: intent.id,
    outcome: outcome.kind,
    latencyMs,
  })
}
