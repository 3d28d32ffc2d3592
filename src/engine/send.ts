/**
 * Sends one write, or doesn't: never late, never without its intent, never longer than its limit.
 *
 * A request starts only while its whole time limit still fits before `notAfter` and before the end of the lease. Both are checked on this
 * process's own clock, again right before the call, since a process may stand still in between (H15).
 */
import type { CallContext, CallFailure, ConnectedSystem, WriteResult } from '../connectors/kit/contract.ts'
import type { Intent } from '../model/state.ts'
import type { OutgoingWrite, Pass, SendOutcome } from './context.ts'
import { describeThrown } from './failure.ts'

const late: SendOutcome = { kind: 'unsent', reason: 'late' }
const shut: SendOutcome = { kind: 'unsent', reason: 'shut' }

/** Sends a write whose intent is committed, and tells what came of it. Never rejects. */
export async function send(pass: Pass, write: OutgoingWrite): Promise<SendOutcome> {
  const { context } = pass
  const { intent } = write
  const { clock } = context
  const system = context.systems.get(intent.system)
  const gate = context.gates.get(intent.system)
  const limitMs = context.integration.systems.get(intent.system)?.timing.writeTimeoutMs
  if (system === undefined || gate === undefined || limitMs === undefined) return shut
  const startBefore = Math.min(
    clock.monotonic() + (intent.notAfter - limitMs - clock.now()),
    pass.deadline - limitMs,
  )
  const waitMs = startBefore - clock.monotonic()
  if (waitMs <= 0) return late
  const startedAt = clock.now()
  const outcome = await gate.run<SendOutcome>(
    async () => {
      if (pass.signal.aborted || clock.monotonic() >= startBefore) return late
      tellSent(pass, intent)
      return sendWithin(pass, system, write, { startBefore, limitMs })
    },
    { waitMs, failure: systemFailure },
  )
  if (outcome === 'shut') return shut
  tellSettled(pass, intent, outcome, clock.now() - startedAt)
  return outcome
}

async function sendWithin(
  pass: Pass,
  system: ConnectedSystem,
  write: OutgoingWrite,
  limits: { readonly startBefore: number; readonly limitMs: number },
): Promise<WriteResult> {
  const unknown = (failure: Pick<CallFailure, 'code' | 'message'>): WriteResult => ({
    kind: 'unknown',
    failure: { ...failure, scope: 'record' },
  })
  try {
    return await pass.context.timeouts.bound<WriteResult>(
      limits.limitMs,
      pass.signal,
      (signal) => call(system, write, { signal, priority: 'webhook', startBefore: limits.startBefore }),
      () => ({
        kind: 'unknown',
        failure: { code: 'TIMEOUT', message: `No answer within ${limits.limitMs} ms.`, scope: 'system' },
      }),
    )
  } catch (error) {
    return unknown(describeThrown(error))
  }
}

const unsupported: WriteResult = {
  kind: 'rejected',
  failure: {
    code: 'UNSUPPORTED',
    message: 'The connector does not offer this operation for the resource.',
    scope: 'record',
  },
}

async function call(
  system: ConnectedSystem,
  { intent, base }: OutgoingWrite,
  context: CallContext,
): Promise<WriteResult> {
  const { request, operation } = intent
  const resource = system.resource(request.resource)
  const idempotencyKey = request.idempotencyKey ?? intent.id
  const ifVersion = request.ifVersion === undefined ? {} : { ifVersion: request.ifVersion }
  if (operation === 'create') {
    const recordId = request.marker ?? intent.recordId
    return (await resource.create?.({ body: request.body, recordId, idempotencyKey }, context)) ?? unsupported
  }
  const { rid } = request
  if (rid === undefined) return unsupported
  if (operation === 'update') {
    const update = {
      rid,
      patch: request.body,
      idempotencyKey,
      ...ifVersion,
      ...(base === undefined ? {} : { base }),
    }
    return (await resource.update?.(update, context)) ?? unsupported
  }
  return (await resource.remove?.({ rid, mode: operation, ...ifVersion }, context)) ?? unsupported
}

function systemFailure(outcome: SendOutcome): CallFailure | undefined {
  return 'failure' in outcome && outcome.kind !== 'rejected' ? outcome.failure : undefined
}

function tellSent(pass: Pass, intent: Intent): void {
  pass.context.emit({
    type: 'WriteSent',
    recordId: intent.recordId,
    entity: intent.entity,
    system: intent.system,
    operation: intent.operation,
    intentId: intent.id,
  })
}

function tellSettled(pass: Pass, intent: Intent, outcome: SendOutcome, latencyMs: number): void {
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
