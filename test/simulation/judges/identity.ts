/** INV-7: the values stored for a native record are those of that record, never of another one. */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import type { Bench, Judge } from './judge.ts'

export class Identity implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  committed(_item: Decision | Settlement, before: RecordDetail | undefined, after: RecordDetail): void {
    const { history, fail } = this.#bench
    const { entity } = after.record
    for (const member of after.members) {
      const { system, nativeId } = member
      if (nativeId === undefined || history.system(system).traits.mutates) continue
      const old = before?.members.find((one) => one.system === system)
      for (const [field, { shadow, provisional, replaced }] of Object.entries(member.fields)) {
        // A value that no read has shown yet may not have been stored.
        if (provisional !== undefined || replaced !== undefined) continue
        if (typeof shadow !== 'string' || shadow === '' || shadow === old?.fields[field]?.shadow) continue
        if (!['name', 'phone', 'city', 'note', 'fax'].includes(field)) continue
        if (!history.everHeld({ system, entity, nativeId }, field, shadow))
          fail('INV-7', `${system} ${nativeId}.${field}: ${shadow} is kept of it, which it never held`)
      }
    }
  }
}
