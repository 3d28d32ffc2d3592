/**
 * While something about a record is undecided, no action is taken that would settle it: a record that may be deleted is created nowhere (INV-9), and
 * its deletion is confirmed neither by the read that first missed it nor while a conflict about it is open (INV-8).
 */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import type { Bench, Judge } from './judge.ts'

export class Undecided implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  committed(item: Decision | Settlement, before: RecordDetail | undefined, after: RecordDetail): void {
    const { fail, scenario, scheduler } = this.#bench
    const { id, entity, state, removal, fields } = after.record
    const suspect = after.members.find((member) => member.state === 'suspect')
    for (const { operation, system } of ('intents' in item && item.intents) || [])
      if (operation === 'create' && suspect !== undefined)
        fail('INV-9', `${id} is to be created in ${system}, though it may be deleted in ${suspect.system}`)
    // A record that was merged into another one is not checked again.
    if (state !== 'deleting' || before?.record.state === 'deleting' || removal !== undefined) return
    // A deletion that is found in another system by then need not be confirmed as well.
    const { confirmMs } = scenario.integration.entities.get(entity)?.delete ?? { confirmMs: 0 }
    const ages = after.members
      .filter(({ state: is, goneSince }) => is === 'gone' && goneSince !== undefined)
      .map(({ goneSince }) => scheduler.now - (goneSince ?? 0))
    if (Math.max(...ages) < confirmMs)
      fail('INV-8', `${id} is deleted ${Math.max(...ages)} ms after it was first not found`)
    for (const [field, { heldBy }] of Object.entries(fields))
      if (heldBy !== undefined)
        fail('INV-8', `the deletion of ${id} was confirmed while a conflict about ${field} was open`)
  }
}
