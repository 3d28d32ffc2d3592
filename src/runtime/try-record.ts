/**
 * `isthmus try`: runs one record through every stage of the definition and returns the result of each. The
 * stages are the engine's own functions, applied to an unknown record; nothing is written to any system or to
 * the store.
 */

import type { ConnectedSystem } from '../connectors/kit/contract.ts'
import { connectSystem } from '../connectors/registry.ts'
import { mergeAsking } from '../engine/decide/lookups.ts'
import { readCanonical } from '../engine/observe/reading.ts'
import { parseJson } from '../http/json.ts'
import { IsthmusError, UsageError } from '../model/errors.ts'
import type { Entity, EntitySystem, Integration } from '../model/integration.ts'
import type { FieldProblem } from '../model/lens/contract.ts'
import type { MergeInput, MergeMember, PlannedWrite } from '../model/merge/contract.ts'
import { asStored, isEmpty, sameValue } from '../model/merge/equivalence.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../model/values.ts'
import { createClock } from './clock.ts'
import { openLookups } from './try-lookups.ts'
import type { TryOptions } from './try-options.ts'

/** Results of all stages. Contains record values, so it may be shown to the user but not logged. */
export interface TriedRecord {
  readonly entity: string
  readonly system: string
  /** As returned by the system; numbers that a double can't represent are texts. */
  readonly native: NativeRecord
  /** False if `where` excludes it; the later stages would not run. */
  readonly inScope: boolean
  /** Fields that are mapped there, in the order of the definition. */
  readonly fields: readonly string[]
  /** The Isthmus record id that it carries, if any. */
  readonly marker?: string
  /** Canonical values as the mapping reads them. */
  readonly read: CanonicalDocument
  /** After the normalisers of the fields and of the system. */
  readonly normalised: CanonicalDocument
  /** Values refused by types and limits; those fields are left unchanged. */
  readonly refused: readonly FieldProblem[]
  /** The values that would be agreed, after the business rules. */
  readonly agreed: CanonicalDocument
  readonly ruleChanges: readonly { readonly field: string; readonly rule: string }[]
  /** If not empty, nothing would be written. */
  readonly ruleProblems: readonly { readonly kind: 'require' | 'hold'; readonly message: string }[]
  /** For every other system, as if it had no counterpart yet. */
  readonly writes: readonly TriedWrite[]
  /** Systems of the entity to which nothing would be sent, with the reason. */
  readonly unwritten: readonly { readonly system: string; readonly why: string }[]
}

export interface TriedWrite {
  readonly system: string
  /** Native body; references hold the native ids of the record's own system. */
  readonly body: NativeRecord
  readonly problems: readonly FieldProblem[]
  /** Values that the system is expected to hold afterwards. */
  readonly stored: CanonicalDocument
  /** Fields whose values would be coerced. */
  readonly poorer: readonly string[]
}

const jsonDepthMax = 100

/**
 * Runs one record through all stages.
 *
 * @throws ENGINE_UNKNOWN_PLACE · CLI_NOT_FOUND when the system has no such record · CLI_USAGE when the JSON
 *   is not an object · the error of the read
 */
export async function tryRecord(options: TryOptions): Promise<TriedRecord> {
  const { loaded, entity: entityName, system } = options
  const { integration } = loaded
  const entity = integration.entities.get(entityName)
  const part = entity?.systems.get(system)
  if (entity === undefined || part === undefined) throw unknownPlace(integration, entityName, system)
  const { native, marker, inScope } = await obtain(options, part)
  const read = await part.lens.read(native)
  const { values: normalised } = await readCanonical(entity, part, native)
  const reading = { entity, part, normalised, problems: read.problems }
  const { input, merged } = await merge(options, reading)
  const agreed = documentOf(merged.fields)
  const writes = await Promise.all(merged.writes.map((write) => compose(entity, write, agreed)))
  return {
    entity: entityName,
    system,
    native: spelt(native),
    inScope: inScope !== false && part.inScope(native),
    fields: [...part.fields.keys()],
    ...(marker === undefined ? {} : { marker }),
    read: read.values,
    normalised,
    refused: read.problems,
    agreed,
    ruleChanges: merged.changes
      .filter((change) => change.src === 'rule')
      .map((change) => ({ field: change.field, rule: change.by })),
    ruleProblems: merged.problems.map(({ kind, message }) => ({ kind, message })),
    writes: writes.filter((write) => write !== undefined),
    unwritten: [...input.members.keys()]
      .filter((name) => name !== system && !merged.writes.some((write) => write.system === name))
      .map((name) => ({
        system: name,
        why: whyUnwritten(entity.systems.get(name), merged.problems.length > 0),
      })),
  }
}

function unknownPlace(integration: Integration, entity: string, system: string): UsageError {
  const places = [...integration.entities.values()].map(
    (known) => `${known.name}: ${[...known.systems.keys()].join(', ')}`,
  )
  return new UsageError(
    'ENGINE_UNKNOWN_PLACE',
    `System "${system}" is not part of entity "${entity}". The definition knows ${places.join('; ')}.`,
  )
}

interface Obtained {
  readonly native: NativeRecord
  readonly marker?: string
  /** False if the resource's own filter excludes the record. */
  readonly inScope?: boolean
}

async function obtain(options: TryOptions, part: EntitySystem): Promise<Obtained> {
  const { from } = options
  if ('json' in from) return { native: parseNative(from.json) }
  const settings = options.loaded.integration.systems.get(options.system)
  if (settings === undefined) throw unknownPlace(options.loaded.integration, options.entity, options.system)
  const { baseDirectory, connectors, dependenciesOf } = options
  const dependencies = dependenciesOf?.(settings) ?? { clock: createClock(), baseDirectory }
  const system = connectSystem(settings, dependencies, connectors)
  try {
    const timeout = AbortSignal.timeout(settings.timing.readTimeoutMs)
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
    return await readOne(system, part.resource, from.id, signal)
  } finally {
    await system.close()
  }
}

async function readOne(
  system: ConnectedSystem,
  resourceName: string,
  nativeId: string,
  signal: AbortSignal,
): Promise<Obtained> {
  const resource = system.resource(resourceName)
  const result = await resource.read(nativeId, { signal, priority: 'hand' })
  if (result.kind === 'gone')
    throw new UsageError('CLI_NOT_FOUND', `${system.name} has no record ${nativeId} in ${resourceName}`)
  if (result.kind === 'unknown') throw new IsthmusError(result.failure.code, result.failure.message)
  const marker = resource.markerOf?.(result.native)
  return {
    native: result.native,
    ...(marker === undefined ? {} : { marker }),
    ...(result.inScope === false ? { inScope: false } : {}),
  }
}

function parseNative(text: string): NativeRecord {
  const parsed = parseJson(text, { maxDepth: jsonDepthMax, numbers: 'lossless' })
  const value: unknown = parsed.ok ? parsed.value : undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value))
  throw new UsageError('CLI_USAGE', 'the file must contain one record as a JSON object')
}

interface NormalisedRead {
  readonly entity: Entity
  readonly part: EntitySystem
  readonly normalised: CanonicalDocument
  readonly problems: readonly FieldProblem[]
}

const member = (system: string, state: MergeMember['state']): MergeMember => ({
  system,
  state,
  fields: {},
  settleMs: 0,
  writable: true,
})

/** Runs the engine's merge for a record that exists in only one system. */
async function merge(options: TryOptions, { entity, part, normalised, problems }: NormalisedRead) {
  const { integration } = options.loaded
  const members = [...entity.systems.keys()].map(
    (name) => [name, member(name, name === part.system ? 'linked' : 'absent')] as const,
  )
  const unknown = new Set(problems.map((problem) => problem.field))
  const input: MergeInput = {
    entity,
    version: integration.version,
    rev: 0,
    fields: {},
    members: new Map(members),
    observations: new Map([[part.system, { system: part.system, values: normalised, unknown, at: 0 }]]),
    guarded: new Set(),
    // Only the store knows whether a referenced record has a counterpart; here it is assumed to have one.
    referable: () => true,
    now: 0,
    newId: () => 'tried',
  }
  const asking = openLookups(options)
  try {
    return { input, merged: await mergeAsking(() => input, new Map(), asking.ask) }
  } finally {
    await asking.close()
  }
}

async function compose(
  entity: Entity,
  write: PlannedWrite,
  agreed: CanonicalDocument,
): Promise<TriedWrite | undefined> {
  const part = entity.systems.get(write.system)
  if (part === undefined || write.operation !== 'create') return undefined
  const { patch, problems } = await part.lens.write(write.values, undefined)
  const stored = Object.fromEntries(
    Object.entries(write.values).map(([name, value]) => {
      const settings = part.fields.get(name)
      return [name, settings === undefined ? value : asStored(settings, value)]
    }),
  )
  const poorer = Object.keys(stored).filter((name) => isPoorer(agreed[name], stored[name]))
  return { system: write.system, body: spelt(patch), problems, stored, poorer }
}

function isPoorer(agreed: CanonicalValue | undefined, stored: CanonicalValue | undefined): boolean {
  return !(isEmpty(agreed) && isEmpty(stored)) && !sameValue(agreed, stored)
}

function whyUnwritten(part: EntitySystem | undefined, stopped: boolean): string {
  if (stopped) return 'a rule stops all writes of the record'
  if (part?.direction === 'source') return 'it is read-only'
  if (part?.operations.create === false) return 'the definition does not allow creates there'
  return 'none of its fields has a value to write'
}

function documentOf(fields: MergeInput['fields']): CanonicalDocument {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, { value }]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  )
}

/** Converts to plain JSON; numbers with more digits than a double can represent become texts. */
function spelt(native: NativeRecord): NativeRecord {
  return Object.fromEntries(Object.entries(native).map(([name, value]) => [name, speltValue(value)]))
}

function speltValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(speltValue)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return String(value)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, speltValue(part)]))
}
