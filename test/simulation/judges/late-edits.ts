/** INV-3 at rest: an edit of a record that had settled is a later one, and never loses. */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import { alike } from '../likeness.ts'
import type { Bench, Judge } from './judge.ts'

export interface LateEdit {
  readonly system: string
  readonly rid: string
  readonly field: string
  /** What somebody else had entered elsewhere, and what had arrived here. */
  readonly before: string
  readonly value: string
}

export class LateEdits implements Judge {
  readonly #bench: Bench
  readonly #open: LateEdit[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** `held`: what the record held before; the edit counts when the earlier one had arrived. */
  made(edit: LateEdit, held: unknown): void {
    if (typeof held !== 'string' || !edit.before.startsWith(held) || held === '') return
    this.#bench.tally.lateEdits += 1
    this.#open.push(edit)
  }

  committed(item: Decision | Settlement, _before: RecordDetail | undefined, after: RecordDetail): void {
    for (const { field, candidates } of item.conflicts ?? []) {
      const edit = this.#open.find(
        (one) =>
          one.field === field &&
          after.members.some(({ system, rid }) => system === one.system && rid === one.rid) &&
          candidates.some(({ system, value }) => system === one.system && alike(value, one.value)),
      )
      if (edit !== undefined)
        this.#bench.fail(
          'INV-3',
          `${edit.system} ${edit.rid}.${field}: ${edit.value}, entered where ${edit.before} had arrived long ago, was taken for a concurrent edit`,
        )
    }
  }
}
