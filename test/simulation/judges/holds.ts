/** Every hold has a reason, and everything that must be held is held. */
import type { Member } from '../../../src/model/state.ts'
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import { allowedCreates } from '../definition.ts'
import type { EngineWrite } from '../sim-network.ts'
import { customer } from '../world.ts'
import type { Bench, Judge } from './judge.ts'

export class Holds implements Judge {
  readonly #bench: Bench
  readonly #turns: ReadonlySet<string>
  /** Records that were created, by system: a create in doubt that is sent again counts once, though people deleted its first result meanwhile. */
  readonly #creates = new Map<string, Set<string>>()

  /** `turns`: native records that only people change, slowly. */
  constructor(bench: Bench, turns: ReadonlySet<string>) {
    this.#bench = bench
    this.#turns = turns
  }

  applied(call: EngineWrite): void {
    if (call.operation !== 'create' || call.entity !== customer) return
    const { scenario, history, things } = this.#bench
    if (!scenario.kinds.has('small-guard')) return
    // The first load is planned and approved as a whole: only later records count.
    const listedAt = this.#bench.firstLoadAt()
    if (listedAt === undefined) return
    const isLate = scenario.systems.every(({ name }) =>
      history
        .system(name)
        .table(customer)
        .changes.every(({ body, at }) => !things.areSame(body?.code, call.body.code) || at > listedAt),
    )
    if (!isLate) return
    const made = this.#creates.get(call.system) ?? new Set<string>()
    this.#creates.set(call.system, made.add(String(call.recordId)))
    if (made.size > allowedCreates)
      this.#bench.fail(
        'GUARD',
        `${call.system} got ${made.size} records, and the guard allows ${allowedCreates}`,
      )
  }

  committed(item: Decision | Settlement, before: RecordDetail | undefined, after: RecordDetail): void {
    const { fail, scenario } = this.#bench
    for (const member of after.members) {
      const was = before?.members.find(({ system }) => system === member.system)
      // Where responses name other records, and where two records have one number, what a create in doubt is searched by may find a record in use.
      const isNew = member.lane.reason === 'CREATE_TAKEN' && was?.lane.reason !== 'CREATE_TAKEN'
      const isPossible = scenario.kinds.has('other-record') || scenario.kinds.has('same-code')
      if (isNew && !isPossible)
        fail('INV-6', `the create of ${after.record.id} at ${member.system} was taken for a new record`)
    }
    this.#judgeDeletion(before, after)
    const isInTurns = after.members.some(({ system, nativeId }) => this.#turns.has(`${system}|${nativeId}`))
    if (!isInTurns || scenario.systems.some(({ mutates }) => mutates)) return
    for (const { kind, system, field } of item.holds ?? [])
      if (kind === 'oscillation' && field === 'name')
        fail('INV-10', `${system}.${field} is held as an oscillation, though only people changed it`)
  }

  /** A deletion that the engine carries out by itself was made in some system with knowledge of everything that was agreed. */
  #judgeDeletion(before: RecordDetail | undefined, after: RecordDetail): void {
    if (before?.record.state !== 'active' || after.record.state !== 'deleting') return
    const lost = after.members.flatMap((member) => {
      const was = before.members.find(({ system }) => system === member.system)
      return member.state === 'gone' && was?.state === 'suspect' ? [was] : []
    })
    const unknown = lost.map((was) => (was.lane.reason === 'released' ? [] : neverHad(before, was)))
    if (lost.length > 0 && unknown.every((fields) => fields.length > 0))
      this.#bench.fail(
        'INV-3',
        `${before.record.id} is deleted for ${lost[0]?.system}, which never had ${unknown[0]?.join(', ')}`,
      )
  }
}

/** The agreed fields that the system never received, though nothing prevents it. */
function neverHad({ record }: RecordDetail, { fields }: Member): readonly string[] {
  return Object.entries(record.fields).flatMap(([field, agreed]) => {
    const known = fields[field]
    const isExempt =
      agreed.heldBy !== undefined || known?.hold !== undefined || known?.rejected?.rev === agreed.rev
    return isExempt || Math.max(known?.acked ?? 0, known?.provisional ?? 0) >= agreed.rev ? [] : [field]
  })
}
