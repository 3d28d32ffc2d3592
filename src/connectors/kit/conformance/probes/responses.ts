/** Probes of which record a response is about: the requested one, and no other. */
import type { NativeRecord } from '../../../../model/values.ts'
import type { Resource } from '../../contract.ts'
import { sameText } from '../../responses/same-id.ts'
import { wordsOf } from '../bench.ts'
import { leavesOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

/** Probes of responses that are about something other than what was requested. */
export const responseProbes: readonly Probe[] = [
  {
    name: 'answers-name-their-record',
    proves: 'Reads, creates and updates return the requested record, with its own id.',
    touches: 'records',
    async run(bench) {
      const [one, other] = await bench.insertMany(2)
      if (one === undefined || other === undefined) skip('no two records could be made')
      for (const [asked, stranger] of [
        [one, other],
        [other, one],
      ] as const) {
        const read = await bench.readLive(asked.nativeId)
        holdAbout(bench.resource, asked.nativeId, { ...read, what: 'a read' })
        const own = likeness(read.native, asked.body)
        check(
          own >= likeness(read.native, stranger.body),
          `a read of record ${asked.nativeId} shows what record ${stranger.nativeId} holds`,
        )
      }
      const updated = await bench.update(one.nativeId, bench.template.patch(bench.seed()))
      holdAbout(bench.resource, one.nativeId, { ...updated, what: 'an update' })
      if (bench.resource.create === undefined) return 'reads and updates'
      const [first, second] = [await bench.create(), await bench.create()]
      check(
        !isSame(bench.resource, first.nativeId, second.nativeId),
        `two creates were answered with the same id ${first.nativeId}`,
      )
      return 'reads, updates and creates'
    },
  },
  {
    name: 'another-response-is-no-response',
    proves:
      'A call that receives the response to an earlier call about another record treats it as no information: no state of this record, no merge, no success.',
    touches: 'records',
    async run(bench) {
      const { faults } = bench
      const repeat =
        faults.repeatNextResponse?.bind(faults) ?? skip('nothing between here and the system keeps answers')
      const [one, other] = await bench.insertMany(2)
      if (one === undefined || other === undefined) skip('no two records could be made')
      await bench.readLive(one.nativeId)
      await bench.readLive(other.nativeId)
      repeat()
      const read = await bench.resource.read(one.nativeId, bench.context)
      faults.clear()
      check(read.kind === 'unknown', `a read whose response is about another record returns ${wordsOf(read)}`)
      const request = await bench.updateRequest(one.nativeId, bench.template.patch(bench.seed()))
      await bench.update(other.nativeId, bench.template.patch(bench.seed()))
      repeat()
      const update = await bench.resource.update?.(request, bench.context)
      faults.clear()
      if (update === undefined) return 'reads'
      // A response without a body is about no particular record; the read that follows decides.
      const isNoProof = update.kind === 'unknown' || (update.kind === 'ok' && update.native === undefined)
      check(isNoProof, `an update that meets the response about another record returns ${wordsOf(update)}`)
      return update.kind === 'unknown' ? 'reads and updates' : 'reads; updates respond with nothing'
    },
  },
]

function isSame(resource: Resource, one: string, other: string): boolean {
  return (resource.sameId ?? sameText)(one, other)
}

function holdAbout(
  resource: Resource,
  nativeId: string,
  {
    nativeId: answered,
    native,
    what,
  }: { readonly nativeId: string; readonly native?: NativeRecord; readonly what: string },
): void {
  check(
    isSame(resource, nativeId, answered),
    `${what} of record ${nativeId} responds with record ${answered}`,
  )
  const inside = native === undefined ? undefined : resource.idOf?.(native)
  check(
    inside === undefined || isSame(resource, nativeId, inside),
    `${what} of record ${nativeId} responds with a record whose own id is ${inside}`,
  )
}

/** Returns how many of the values that were sent the record shows. */
function likeness(native: NativeRecord, body: NativeRecord): number {
  const shown = leavesOf(native)
  return [...leavesOf(body)].filter(([path, value]) => shown.get(path) === value).length
}
