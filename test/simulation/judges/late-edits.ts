/** INV-3 at the end: an edit of a record that had settled is a later one, and never loses. */

import type { CanonicalValue } from '../../../src/model/values.ts'
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import { alike } from '../likeness.ts'
import type { Bench, Judge } from './judge.ts'

export interface LateEdit {
  readonly system: string
  readonly nativeId: string
  readonly field: string
  /** The value entered elsewhere that had arrived in this system. */
  readonly before: string
  readonly value: string
  /** When `before` was entered. */
  readonly enteredAt: number
}

export class LateEdits implements Judge {
  readonly #bench: Bench
  readonly #open: LateEdit[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** `held`: the previous value of the record; the edit counts when the earlier one had arrived. */
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
          after.members.some(({ system, nativeId }) => system === one.system && nativeId === one.nativeId) &&
          candidates.some(({ system, value }) => system === one.system && alike(value, one.value)) &&
          !candidates.some(({ system, value }) => this.#isEnteredToo(one, after, { system, value })),
      )
      if (edit !== undefined)
        this.#bench.fail(
          'INV-3',
          `${edit.system} ${edit.nativeId}.${field}: ${edit.value}, entered where ${edit.before} had arrived long ago, was taken for a concurrent edit`,
        )
    }
  }

  /** The text was changed in the other system as well after the value had arrived here: these two edits are concurrent. */
  #isEnteredToo(
    edit: LateEdit,
    after: RecordDetail,
    candidate: { readonly system: string; readonly value: CanonicalValue | undefined },
  ): boolean {
    const { system: named, value } = candidate
    const { history } = this.#bench
    // A value agreed by an earlier pass names no system: it was entered in one of the others.
    const others = after.members.filter(
      ({ system }) => system !== edit.system && (system === named || named === 'agreed'),
    )
    return others.some(({ system, nativeId }) =>
      (nativeId === undefined
        ? []
        : history.system(system).table(after.record.entity).history(nativeId)
      ).some(
        ({ by, at, body }) =>
          by === 'user' &&
          at > edit.enteredAt &&
          alike(history.value(edit.field, body), value) &&
          !alike(value, edit.before),
      ),
    )
  }
}
