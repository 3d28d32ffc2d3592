/** Probes of what an answer is about: the record that was asked for, and no other. */
import type { NativeRecord } from '../../../../model/values.ts'
import { sameText } from '../../answers/same-id.ts'
import type { Resource } from '../../contract.ts'
import { wordsOf } from '../bench.ts'
import { leavesOf } from '../compare.ts'
import { hold, type Probe, unproved } from '../probe.ts'

export const answerProbes: readonly Probe[] = [
  {
    name: 'answers-name-their-record',
    proves: 'Reads, creates and updates answer with the record that they are about, under its own id.',
    touches: 'records',
    async run(bench) {
      const [one, other] = await bench.insertMany(2)
      if (one === undefined || other === undefined) unproved('no two records could be made')
      for (const [asked, stranger] of [
        [one, other],
        [other, one],
      ] as const) {
        const read = await bench.readLive(asked.rid)
        holdAbout(bench.resource, asked.rid, { ...read, what: 'a read' })
        const own = likeness(read.native, asked.body)
        hold(
          own >= likeness(read.native, stranger.body),
          `a read of record ${asked.rid} shows what record ${stranger.rid} holds`,
        )
      }
      const updated = await bench.update(one.rid, bench.template.patch(bench.seed()))
      holdAbout(bench.resource, one.rid, { ...updated, what: 'an update' })
      if (bench.resource.create === undefined) return 'reads and updates'
      const [first, second] = [await bench.create(), await bench.create()]
      hold(
        !isSame(bench.resource, first.rid, second.rid),
        `two creates answered with the same id ${first.rid}`,
      )
      return 'reads, updates and creates'
    },
  },
  {
    name: 'another-answer-is-no-answer',
    proves:
      'A call that meets the answer to an earlier call about another record takes it for no information: no state of this record, no merge, no success.',
    touches: 'records',
    async run(bench) {
      const { faults } = bench
      const repeat =
        faults.repeatNextAnswer?.bind(faults) ?? unproved('nothing between here and the system keeps answers')
      const [one, other] = await bench.insertMany(2)
      if (one === undefined || other === undefined) unproved('no two records could be made')
      await bench.readLive(one.rid)
      await bench.readLive(other.rid)
      repeat()
      const read = await bench.resource.read(one.rid, bench.context)
      faults.clear()
      hold(
        read.kind === 'unknown',
        `a read that meets the answer about another record answers ${wordsOf(read)}`,
      )
      const request = await bench.updateRequest(one.rid, bench.template.patch(bench.seed()))
      await bench.update(other.rid, bench.template.patch(bench.seed()))
      repeat()
      const update = await bench.resource.update?.(request, bench.context)
      faults.clear()
      if (update === undefined) return 'reads'
      // An answer without a body is about nobody in particular: there the look that follows tells.
      const isNoProof = update.kind === 'unknown' || (update.kind === 'ok' && update.native === undefined)
      hold(isNoProof, `an update that meets the answer about another record answers ${wordsOf(update)}`)
      return update.kind === 'unknown' ? 'reads and updates' : 'reads; updates answer with nothing'
    },
  },
]

function isSame(resource: Resource, one: string, other: string): boolean {
  return (resource.sameId ?? sameText)(one, other)
}

function holdAbout(
  resource: Resource,
  rid: string,
  {
    rid: answered,
    native,
    what,
  }: { readonly rid: string; readonly native?: NativeRecord; readonly what: string },
): void {
  hold(isSame(resource, rid, answered), `${what} of record ${rid} answers with record ${answered}`)
  const inside = native === undefined ? undefined : resource.idOf?.(native)
  hold(
    inside === undefined || isSame(resource, rid, inside),
    `${what} of record ${rid} answers with a record whose own id is ${inside}`,
  )
}

/** How many of the values that were sent the record shows. */
function likeness(native: NativeRecord, body: NativeRecord): number {
  const shown = leavesOf(native)
  return [...leavesOf(body)].filter(([path, value]) => shown.get(path) === value).length
}
