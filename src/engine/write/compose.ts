/**
 * Turns a planned write into the exact request: the native body, the precondition, the keys, and the durable
 * intent that holds all of it.
 */

import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import { isPlainObject } from '../../model/canonical/object.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import type { FieldProblem, NestedPatch } from '../../model/lens/contract.ts'
import { withFixedValues } from '../../model/lens/fixed-values.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'
import { openIntentFields, rejectedFields } from '../../model/merge/outcome.ts'
import type { Intent } from '../../model/state.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../../model/values.ts'
import { withMarker } from '../observe/marker.ts'
import { translateOutwards } from '../observe/references.ts'
import type { Observation, Pass } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { setLane, updateMember } from '../pass/pass.ts'
import { placeOf } from '../place.ts'
import type { OutgoingWrite } from '../ports.ts'

type LiveObservation = Extract<Observation, { readonly kind: 'live' }>

/** The result of mapping a write; fields with problems are missing from the patch. */
export interface ComposedPatch {
  readonly patch: NativeRecord
  readonly problems: readonly FieldProblem[]
}

/**
 * Returns the native patch of a write; `base` is the native record last read, undefined for creates and
 * systems not read in this pass.
 */
export async function composePatch(
  pass: Pass,
  write: PlannedWrite,
  base: NativeRecord | undefined,
): Promise<ComposedPatch> {
  const { part, resource } = placeOf(pass.context, write.system, pass.entity.name)
  const values = translateOutwards(pass, part, write.values)
  const writing = part.lens.write(values, base, resource.capabilities.nested)
  return writing instanceof Promise ? await writing : writing
}

/**
 * True when a patch that names a nested object replaces more than its own fields, because the system replaces
 * nested objects as a whole. Lists are replaced as a whole by every system, including their elements.
 */
export function replacesMore(patch: NativeRecord, nested: NestedPatch): boolean {
  return Object.values(patch).some((value) =>
    Array.isArray(value) ? value.some(isPlainObject) : nested === 'replace' && isPlainObject(value),
  )
}

/**
 * Composes a write and opens its intent in the pass. Undefined when nothing is left to send: the mapping
 * rejected the values (kept as a failure of this lane), or the system already holds them in its own
 * representation.
 */
export async function compose(pass: Pass, planned: PlannedWrite): Promise<OutgoingWrite | undefined> {
  const observation = pass.observations.get(planned.system)
  const seen = observation?.kind === 'live' && observation.admissible ? observation : undefined
  const base = planned.operation === 'create' ? undefined : seen?.native
  const composed = await composePatch(pass, planned, base)
  const sendable = withoutProblems(pass, planned, composed.problems)
  if (sendable === undefined) return undefined
  if (sendable !== planned) return compose(pass, sendable)
  if (planned.operation === 'update' && Object.keys(composed.patch).length === 0) {
    acknowledgeUnwritten(pass, planned)
    return undefined
  }
  const { patch } = composed
  if (planned.operation === 'update') return openIntent(pass, planned, patch, seen)
  const place = placeOf(pass.context, planned.system, pass.entity.name)
  const { onCreate } = place.part
  const whole = onCreate === undefined ? patch : withFixedValues(onCreate, patch)
  return openIntent(pass, planned, withMarker(place, whole, pass.record.id), seen)
}

/**
 * Removes rejected fields and remembers the rejection. A create that lost a field it requires is not sent at
 * all.
 */
function withoutProblems(
  pass: Pass,
  planned: PlannedWrite,
  problems: readonly FieldProblem[],
): PlannedWrite | undefined {
  const own = problems.filter((problem) => problem.field in planned.revs)
  // An update leaves other fields unchanged; a create must contain all of them, so nothing can be left out.
  const whole = planned.operation === 'create' && own.length === 0
  const refused = whole ? problems : own
  const [first] = refused
  if (first === undefined) return planned
  refuse(pass, planned, first.code, whole ? [] : refused.map((problem) => problem.field))
  keepFailure(pass, {
    system: planned.system,
    operation: planned.operation,
    code: first.code,
    message: first.message,
    replay: 'safe',
    about: first.field,
  })
  const { part } = placeOf(pass.context, planned.system, pass.entity.name)
  const needed = refused.some((problem) => part.fields.get(problem.field)?.nullable !== true)
  if (planned.operation === 'create' && (whole || needed)) return undefined
  const kept = Object.keys(planned.revs).filter((name) => !refused.some((problem) => problem.field === name))
  if (kept.length === 0) return undefined
  return { ...planned, values: pick(planned.values, kept), revs: pick(planned.revs, kept) }
}

/**
 * The system, or its mapping, rejected these values: they are not sent again until one of them or the
 * definition changes.
 */
export function refuse(pass: Pass, planned: PlannedWrite, code: ErrorCode, fields: readonly string[]): void {
  const member = pass.members.get(planned.system)
  const version = pass.context.integration.version
  updateMember(pass, {
    system: planned.system,
    fields: rejectedFields(member?.fields ?? {}, planned, { code, version, fields }),
  })
  setLane(pass, planned.system, { state: 'rejected', reason: code })
}

function pick<Value>(
  document: Readonly<Record<string, Value>>,
  names: readonly string[],
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => names.includes(name)))
}

/** The mapping had nothing to change: in its own representation the system already holds the values. */
function acknowledgeUnwritten(pass: Pass, planned: PlannedWrite): void {
  const member = pass.members.get(planned.system)
  const fields = Object.fromEntries(
    Object.entries(planned.revs).map(([name, rev]) => [name, { ...member?.fields[name], acked: rev }]),
  )
  updateMember(pass, { system: planned.system, fields: { ...member?.fields, ...fields } })
}

function openIntent(
  pass: Pass,
  planned: PlannedWrite,
  patch: NativeRecord,
  seen: LiveObservation | undefined,
): OutgoingWrite {
  const { part, resource } = placeOf(pass.context, planned.system, pass.entity.name)
  const member = pass.members.get(planned.system)
  const carried = carriesWholeObjects(resource.capabilities, patch) ? seen?.observed.values : undefined
  const body: CanonicalDocument = { ...carried, ...planned.values }
  const intent = newIntent(pass, planned, { patch, body, seen })
  const fields = openIntentFields(part, member?.fields ?? {}, { planned, body, notAfter: intent.notAfter })
  updateMember(pass, { system: planned.system, fields })
  return {
    intent,
    planned,
    body,
    ...(seen === undefined ? {} : { base: seen.native, readAt: seen.observed.at }),
  }
}

function carriesWholeObjects(capabilities: RemoteCapabilities, patch: NativeRecord): boolean {
  if (capabilities.write === 'put') return true
  return replacesMore(patch, capabilities.nested)
}

interface IntentContent {
  readonly patch: NativeRecord
  readonly body: Readonly<Record<string, CanonicalValue>>
  readonly seen: LiveObservation | undefined
}

function newIntent(pass: Pass, planned: PlannedWrite, { patch, body, seen }: IntentContent): Intent {
  const { random } = pass.context
  const { part, resource } = placeOf(pass.context, planned.system, pass.entity.name)
  const member = pass.members.get(planned.system)
  const id = random.uuid()
  const ifVersion = resource.capabilities.conditionalWrites
    ? (seen?.observed.version ?? member?.absorbedVersion)
    : undefined
  return {
    id,
    recordId: pass.record.id,
    system: planned.system,
    entity: pass.entity.name,
    operation: planned.operation,
    revs: planned.revs,
    request: {
      resource: part.resource,
      body: patch,
      values: body,
      idempotencyKey: id,
      ...(planned.operation === 'create' ? { marker: pass.record.id } : {}),
      ...(planned.operation === 'create' || member?.nativeId === undefined
        ? {}
        : { nativeId: member.nativeId }),
      ...(planned.operation === 'create' || ifVersion === undefined ? {} : { ifVersion }),
      ...(seen === undefined || planned.operation === 'create' ? {} : { preImage: seen.native }),
    },
    state: 'open',
    causes: pass.record.causes,
    definition: pass.context.integration.version,
    ...sendWindow(pass, planned.system),
  }
}

/**
 * The time in which a request may start and end. It is not sent after `notAfter`, so that a later read can
 * tell whether it took effect. Where many calls wait for capacity, the window is extended by that wait,
 * within the lease.
 */
export function sendWindow(
  pass: Pass,
  system: string,
): Pick<Intent, 'createdAt' | 'firstSentAt' | 'notAfter'> {
  const { clock, settings, gates, integration, writer } = pass.context
  const now = clock.now()
  const writeTimeoutMs = integration.systems.get(system)?.timing.writeTimeoutMs ?? 0
  const expectedMs = (gates.get(system)?.expectedWaitMs() ?? 0) + writer.expectedWaitMs(system)
  const inLineMs = Math.min(expectedMs, settings.leaseMs / 4)
  return {
    createdAt: now,
    firstSentAt: now,
    notAfter: Math.ceil(now + settings.startWindowMs + 2 * inLineMs + writeTimeoutMs),
  }
}
