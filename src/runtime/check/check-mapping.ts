/** Tests the mapping of one entity in one system on records that were fetched from it. */

import { isEqualCanonical } from '../../model/canonical/equality.ts'
import { counted } from '../../model/health/words.ts'
import type { Entity, EntitySystem } from '../../model/integration.ts'
import type { Law } from '../../model/laws/law.ts'
import { checkCanonicalRead, checkLaws, lawSubject } from '../../model/laws/laws.ts'
import type { Lens } from '../../model/lens/contract.ts'
import { asStored, isEmpty } from '../../model/merge/equivalence.ts'
import { withinParts } from '../../model/merge/group-parts.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../../model/values.ts'
import type { CheckRow } from './check-row.ts'

/** One entity in one system, with the sample records. */
export interface MappingTrial {
  readonly entity: Entity
  readonly part: EntitySystem
  /** How patches treat nested objects there. */
  readonly nested: 'replace' | 'merge'
  readonly samples: readonly NativeRecord[]
}

const whatBreaks: Readonly<Record<Law, string>> = {
  'get-put': 'writing back the values that were read would change the record',
  'put-get': 'a written value does not read back unchanged',
  'idempotent-normaliser': 'normalising twice gives a different result from normalising once',
  'canonical-read': 'the system contains values that the declared normaliser would change',
  frame: 'a write would lose properties that are not mapped',
  determinism: 'the same record gives different results',
}

/** Merges the same finding on several records into one row. */
class Tally {
  readonly #counts = new Map<string, { count: number; readonly row: CheckRow }>()

  add(key: string, row: CheckRow): void {
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { count: 1, row })
    else known.count += 1
  }

  rows(of: number): CheckRow[] {
    return [...this.#counts.values()].map(({ count, row }) => ({
      ...row,
      message: `${row.message} [${Math.min(count, of)} of ${of} records]`,
    }))
  }
}

const subjectOf = ({ entity, part }: MappingTrial): string => `${entity.name} in ${part.system}`

/** Reads every sample and checks the lens laws on it. Returns `ok` if there is no problem. */
export async function checkMapping(trial: MappingTrial): Promise<CheckRow[]> {
  const { samples } = trial
  const tally = new Tally()
  for (const [index, native] of samples.entries()) {
    await tryRecord(trial, native, samples[(index + 1) % samples.length] ?? native, tally)
  }
  const rows = [...tally.rows(samples.length), ...(await findAbsent(trial))]
  if (rows.length > 0) return rows
  const message = `reads and writes ${counted(samples.length, 'sampled record')} without loss`
  return [{ level: 'ok', area: 'mapping', subject: subjectOf(trial), message }]
}

/**
 * A path that does not exist reads as absent. For one record this is not an error; for all of them it is
 * probably a mistake in the path.
 */
async function findAbsent(trial: MappingTrial): Promise<CheckRow[]> {
  const readings = await Promise.all(trial.samples.map(async (native) => await trial.part.lens.read(native)))
  const isSeen = (name: string): boolean =>
    readings.some(
      ({ values, problems }) =>
        values[name] !== undefined || problems.some((problem) => problem.field === name),
    )
  return [...trial.part.fields.values()]
    .filter((field) => field.readable && !isSeen(field.name))
    .map((field) => ({
      level: 'warning',
      area: 'mapping',
      subject: subjectOf(trial),
      message: `${field.name}: no sampled record has it [0 of ${counted(trial.samples.length, 'record')}]`,
      hint: 'check the spelling of the path in `map` against the API',
    }))
}

async function tryRecord(
  trial: MappingTrial,
  native: NativeRecord,
  other: NativeRecord,
  tally: Tally,
): Promise<void> {
  const { entity, part, nested } = trial
  const subject = lawSubject(entity, part, nested)
  const base = { area: 'mapping', subject: subjectOf(trial) } as const
  const reading = await part.lens.read(native)
  for (const { field, code, message } of reading.problems) {
    const hint =
      'correct the type or the mapping of the field, or the records; until then the field is not synchronised there'
    tally.add(`read ${field} ${code}`, { ...base, level: 'warning', message: `${field}: ${message}`, hint })
  }
  const refused = new Set(reading.problems.map((problem) => problem.field))
  const values = (await part.lens.read(other)).values
  const laws = await checkLaws(subject, native, values)
  const poorer = await checkCanonicalRead({ ...subject, lens: normalisedLens(entity, part.lens) }, native)
  for (const { law, field, message } of [...laws.filter((one) => one.law !== 'canonical-read'), ...poorer]) {
    if (refused.has(field)) continue
    const hint =
      'run `isthmus try` with such a record, then correct the mapping or the normaliser of the field'
    const level = law === 'canonical-read' ? 'warning' : 'error'
    tally.add(`${law} ${field}`, {
      ...base,
      level,
      message: `${field}: ${whatBreaks[law]}: ${message}`,
      hint,
    })
  }
}

/**
 * User input is expected to need normalising; only a value that the *system's* normaliser would change shows
 * that it is declared incorrectly.
 */
function normalisedLens(entity: Entity, lens: Lens): Lens {
  return {
    write: lens.write,
    read: async (native) => {
      const reading = await lens.read(native)
      return { ...reading, values: normalised(entity, reading.values) }
    },
  }
}

function normalised(entity: Entity, values: CanonicalDocument): CanonicalDocument {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, entity.fields.get(name)?.normalise(value) ?? value]),
  )
}

/** Finds sampled values that another system would store with a loss: truncated, rounded, or not at all. */
export async function checkLoss(trial: MappingTrial): Promise<CheckRow[]> {
  const tally = new Tally()
  for (const native of trial.samples) {
    const values = normalised(trial.entity, (await trial.part.lens.read(native)).values)
    for (const other of trial.entity.systems.values()) {
      if (other.system !== trial.part.system && other.direction !== 'source')
        addLosses(trial, other, values, tally)
    }
  }
  return tally.rows(trial.samples.length)
}

function addLosses(trial: MappingTrial, other: EntitySystem, values: CanonicalDocument, tally: Tally): void {
  for (const [field, value] of Object.entries(values)) {
    const settings = other.fields.get(field)
    if (settings?.writable !== true) continue
    // Parts of a group that a system lacks are not lost, because the other systems keep them.
    const part = withinParts(settings, value)
    if (!isLost(part, asStored(settings, part))) continue
    const declared = settings.neverOrigin || other.direction === 'target'
    tally.add(`${other.system} ${field}`, {
      level: declared ? 'ok' : 'warning',
      area: 'mapping',
      subject: `${trial.entity.name} in ${other.system}`,
      message: `${field}: a value of ${trial.part.system} would lose precision there`,
      ...(declared
        ? {}
        : {
            hint: 'nothing is lost in the other systems; an edit there would replace the full value: set lossy: never-origin to prevent that',
          }),
    })
  }
}

function isLost(value: CanonicalValue, stored: CanonicalValue): boolean {
  return !(isEmpty(value) && isEmpty(stored)) && !isEqualCanonical(value, stored)
}
