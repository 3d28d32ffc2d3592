/** Evaluates the results of the simulated edits: compares the data of both systems over HTTP, independently of a contestant's own records. */
import type { Systems } from './contestants.ts'

/** One edit of a person. */
export interface PersonsEdit {
  readonly system: 'crm' | 'erp'
  readonly code: string
  readonly field: string
  readonly value: string
  /** The value that the person saw and replaced. */
  readonly replaced: string
}

/** The simulated edits, as recorded by the driver. */
export interface Diary {
  readonly edits: PersonsEdit[]
  readonly deleted: Set<string>
  /** Every code that people entered. */
  readonly entered: Set<string>
  /** Entries of the scenario, with their times. */
  readonly entries: PersonsEntry[]
}

/** A record that a person entered. */
export interface PersonsEntry {
  readonly system: 'crm' | 'erp'
  readonly code: string
  /** Epoch ms. */
  readonly at: number
}

/** Copies that a contestant has created of records that a person had entered in the same system before. */
export interface Copies {
  readonly copies: number
  /** Longest time from the person's entry to the copy; null without copies. */
  readonly copyWindowMs: number | null
}

export interface Audit {
  readonly disagreements: number
  readonly duplicates: number
  readonly silentLosses: number
  readonly falseDeletes: number
}

const fields = ['name', 'email', 'phone', 'city'] as const
const nameMax = 40

type Row = Readonly<Record<string, unknown>>
type ByCode = ReadonlyMap<string, readonly Row[]>

export interface Held {
  readonly crm: ByCode
  readonly erp: ByCode
}

export async function heldBy({ crm, erp }: Systems): Promise<Held> {
  const byCode = (rows: readonly Row[]): ByCode => Map.groupBy(rows, (row) => String(row.code))
  return { crm: byCode(await crm.records('contacts')), erp: byCode(await erp.records('partners')) }
}

/** Codes that one system lacks, or has with other values. */
export function disagreementsOf({ crm, erp }: Held): number {
  const codes = new Set([...crm.keys(), ...erp.keys()])
  return [...codes].filter((code) => {
    const [left] = crm.get(code) ?? []
    const [right] = erp.get(code) ?? []
    if (left === undefined || right === undefined) return true
    return fields.some((field) => spelt(left[field]) !== spelt(right[field]))
  }).length
}

/** A record that a person enters after it has been created there is not a copy by the contestant: it could not have prevented it. */
export async function copiesOf(systems: Systems, { entries }: Diary): Promise<Copies> {
  const windows: number[] = []
  for (const system of ['crm', 'erp'] as const) {
    const writes = await systems[system].writesSince(system === 'crm' ? 'contacts' : 'partners', 0)
    for (const { at, body } of writes.filter(({ version }) => version === 1)) {
      const entered = entries.find((entry) => entry.system === system && entry.code === body.code)
      if (entered !== undefined && entered.at < at) windows.push(at - entered.at)
    }
  }
  return { copies: windows.length, copyWindowMs: windows.length === 0 ? null : Math.max(...windows) }
}

export function audit(held: Held, diary: Diary, kept: string): Audit {
  const several = (side: ByCode): number => [...side.values()].reduce((sum, rows) => sum + rows.length - 1, 0)
  const wanted = [...diary.entered].filter((code) => !diary.deleted.has(code))
  return {
    disagreements: disagreementsOf(held),
    duplicates: several(held.crm) + several(held.erp),
    silentLosses: diary.edits.filter((edit) => isLost(edit, held, diary, kept)).length,
    falseDeletes: wanted.filter((code) => !held.crm.has(code) && !held.erp.has(code)).length,
  }
}

/** Its value exists nowhere, was not replaced by a person who saw it, and is kept in no conflict. */
function isLost(edit: PersonsEdit, { crm, erp }: Held, { edits, deleted }: Diary, kept: string): boolean {
  const { code, field, value, system } = edit
  if (deleted.has(code) || kept.includes(value)) return false
  const rows = [...(crm.get(code) ?? []), ...(erp.get(code) ?? [])]
  if (rows.some((row) => spelt(row[field]) === spelt(value))) return false
  // Edits are in order. A later one in the same system replaced the value of that time, whatever it was.
  return !edits
    .slice(edits.indexOf(edit) + 1)
    .some(
      (later) =>
        later.code === code &&
        later.field === field &&
        (later.system === system || spelt(later.replaced) === spelt(value)),
    )
}

function spelt(value: unknown): string {
  return String(value ?? '').slice(0, nameMax)
}
