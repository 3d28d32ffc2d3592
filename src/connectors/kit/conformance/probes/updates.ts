/** Probes of updates: they change exactly what was requested, and never overwrite another user's change. */

import { tagDoubt } from '../../../../model/entity-tag.ts'
import { isNativeRecord, valueAt } from '../../native.ts'
import { type ProbeBench, wordsOf } from '../bench.ts'
import { isLater, leavesOf, patchAt, sameText, type TextField, textsOf } from '../compare.ts'
import { nastyTexts } from '../nasty-values.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'
import { graceMs } from '../waiter.ts'
import { composedUpdateProbes } from './composed-updates.ts'

const noVersion: Probe['skips'] = ({ version }) => (version === 'none' ? 'there are no versions' : undefined)

/** Probes of updates and their preconditions. */
export const updateProbes: readonly Probe[] = [
  {
    name: 'update-touches-nothing-else',
    proves: 'An update changes the properties that it names and leaves the rest of the record unchanged.',
    touches: 'records',
    async run(bench) {
      const { nativeId, body } = await bench.insert()
      const before = leavesOf((await bench.readLive(nativeId)).native)
      const patch = bench.template.patch(bench.seed())
      await bench.update(nativeId, patch)
      const after = leavesOf(await readChanged(bench, nativeId, before))
      const [named, sent] = [leavesOf(patch), leavesOf(body)]
      const roots = new Set(Object.keys(patch))
      // Only properties that were sent initially: a system maintains counters and times of its own.
      const others = [...sent.keys()].filter((path) => !roots.has(path.split('.')[0] ?? ''))
      const lost = others.filter((path) => before.get(path) !== after.get(path))
      check(lost.length === 0, `an update of ${[...named.keys()].join(', ')} also changed ${lost.join(', ')}`)
      return `${others.length} other properties`
    },
  },
  {
    name: 'nested-as-declared',
    proves: 'A nested object named in a patch is merged or replaced, as declared.',
    touches: 'records',
    skips: ({ write }) => (write === 'put' ? 'whole records are replaced' : undefined),
    async run(bench) {
      const { nativeId, body } = await bench.insert()
      const field =
        bench.template.texts.find(({ path }) => path.length > 1) ?? skip('no text field is nested')
      const parent = valueAt(body, field.path.slice(0, -1))
      const own = field.path.at(-1)
      const siblings = isNativeRecord(parent) ? Object.keys(parent).filter((key) => key !== own) : []
      if (siblings.length === 0) skip('the nested object has one property only')
      const before = leavesOf((await bench.readLive(nativeId)).native)
      await bench.update(nativeId, patchAt(field.path, 'changed alone'))
      const after = leavesOf(await readChanged(bench, nativeId, before))
      const sibling = [...field.path.slice(0, -1), siblings[0]].join('.')
      const kept = before.get(sibling) === after.get(sibling)
      const { nested } = bench.capabilities
      check(
        kept === (nested === 'merge'),
        `"${nested}" is declared, and ${sibling} was ${kept ? 'kept' : 'lost'} by a patch of its neighbour`,
      )
      return nested
    },
  },
  ...composedUpdateProbes,
  {
    name: 'write-returns-as-declared',
    proves: 'The response to a write contains what is declared, and agrees with a read.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { writeReturns, version } = bench.capabilities
      const before = leavesOf((await bench.readLive(nativeId)).native)
      const result = await bench.update(nativeId, bench.template.patch(bench.seed()))
      check(
        writeReturns === 'nothing' || result.native !== undefined,
        `"${writeReturns}" is declared, and the response has no body`,
      )
      check(
        writeReturns !== 'body+version' || version === 'none' || result.version !== undefined,
        'a version is declared, and the response to a write has none',
      )
      const read = await readChanged(bench, nativeId, before)
      const [answered, stored] = [leavesOf(result.native ?? {}), leavesOf(read)]
      const other = bench.template.texts
        .map(({ path }) => path.join('.'))
        .filter((path) => answered.has(path) && answered.get(path) !== stored.get(path))
      check(
        other.length === 0,
        `the response to a write shows another ${other.join(', ')} than the read after it`,
      )
      // When reads lag, a later read may show an older state.
      const isSame = (version: string | undefined): boolean =>
        result.version === undefined || version === undefined || version === result.version
      const seen = await bench.readUntil(nativeId, (one) => one.kind === 'live' && isSame(one.version))
      check(
        seen.kind === 'live' && isSame(seen.version),
        `the write answers version ${result.version}, the read after it ${seen.kind === 'live' ? seen.version : wordsOf(seen)}`,
      )
      return writeReturns
    },
  },
  {
    name: 'version-moves-with-each-change',
    proves: 'Each change results in a new version, and reads do not.',
    touches: 'records',
    skips: noVersion,
    async run(bench) {
      const { nativeId } = await bench.insert()
      let last: string | undefined = (await bench.readLive(nativeId)).version
      check(last !== undefined, 'versions are declared, and a read has none')
      check(
        (await bench.readLive(nativeId)).version === last,
        'two reads of an unchanged record show two versions',
      )
      for (let round = 0; round < 3; round += 1) {
        const before: string = last
        await bench.change(nativeId)
        await bench.waiter.pass('what a read knows', bench.capabilities.read.lagMs)
        const read = await bench.readUntil(nativeId, (one) => one.kind === 'live' && one.version !== before)
        const now = read.kind === 'live' ? read.version : undefined
        check(now !== undefined && now !== before, 'a change left the version as it was')
        check(
          bench.capabilities.version !== 'ordered' || isLater(before, now),
          `versions are declared to be ordered, and ${now} came after ${before}`,
        )
        last = now
      }
      return bench.capabilities.version
    },
  },
  {
    name: 'stale-write-is-refused',
    proves: 'A write with an outdated version is refused and changes nothing.',
    touches: 'records',
    skips: ({ conditionalWrites }) =>
      conditionalWrites ? undefined : 'no precondition is declared to be honoured',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { version } = await bench.readLive(nativeId)
      check(version !== undefined, 'preconditions are declared, and a read has no version')
      const theirs = await bench.change(nativeId)
      await bench.readUntil(nativeId, (one) => one.kind === 'live' && one.version !== version)
      const stale = await bench.tryUpdate(nativeId, bench.template.patch(bench.seed()), version)
      check(stale.kind === 'stale', `a write under an old version returns ${wordsOf(stale)}`)
      await bench.waiter.pass('what a read knows', bench.capabilities.read.lagMs)
      const { native, version: current } = await bench.readLive(nativeId)
      const kept = [...leavesOf(theirs)].filter(([path, value]) => leavesOf(native).get(path) !== value)
      check(
        kept.length === 0 || kept.length < leavesOf(theirs).size,
        'the refused write took effect all the same',
      )
      const fresh = await bench.tryUpdate(nativeId, bench.template.patch(bench.seed()), current)
      check(
        fresh.kind === 'ok',
        `a write under the current version returns ${wordsOf(fresh)}${wordsOfDoubt(current)}`,
      )
      return undefined
    },
  },
  {
    name: 'nasty-texts-come-back',
    proves:
      'Unusual texts are stored unchanged, apart from the modifications that the system is known to make.',
    touches: 'records',
    async run(bench) {
      if (bench.template.texts.length === 0) skip('no text field is named')
      const { nativeId } = await bench.insert()
      const refused: string[] = []
      for (const field of bench.template.texts) {
        for (const { name, text } of nastyTexts) {
          if (!(await storesText(bench, nativeId, field, name, text))) refused.push(name)
        }
      }
      const tried = nastyTexts.length * bench.template.texts.length
      return `${tried - refused.length} texts${refused.length > 0 ? `; refused, and said so: ${[...new Set(refused)].join(', ')}` : ''}`
    },
  },
  {
    name: 'update-of-deleted-is-gone',
    proves: 'An update of a deleted record reports that it is gone, and does not recreate it.',
    touches: 'records',
    skips: ({ write }) =>
      write === 'put' ? 'a whole record can not be sent without having been read' : undefined,
    async run(bench) {
      const { nativeId } = await bench.insert()
      const request = await bench.updateRequest(nativeId, bench.template.patch(bench.seed()))
      await bench.vanish(nativeId)
      await bench.readUntil(nativeId, (one) => one.kind === 'gone')
      const result = await bench.resource.update?.(request, bench.context)
      const isRefused =
        result?.kind === 'gone' || (request.ifVersion !== undefined && result?.kind === 'stale')
      check(isRefused, `an update of a deleted record returns ${wordsOf(result)}`)
      check(
        (await bench.resource.read(nativeId, bench.context)).kind === 'gone',
        'an update brought a deleted record back',
      )
      return undefined
    },
  },
  {
    name: 'late-write-does-not-leave',
    proves: 'A write whose start deadline has passed is not sent.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const before = leavesOf((await bench.readLive(nativeId)).native)
      const request = await bench.updateRequest(nativeId, bench.template.patch(bench.seed()))
      const late = { ...bench.context, startBefore: bench.clock.monotonic() - 1_000 }
      const result = await bench.resource.update?.(request, late)
      if (result === undefined) skip('nothing can be changed')
      check(result.kind === 'not-sent', `a write that came too late responses ${wordsOf(result)}`)
      const after = leavesOf((await bench.readLive(nativeId)).native)
      const changed = [...leavesOf(request.patch).keys()].filter(
        (path) => before.get(path) !== after.get(path),
      )
      check(changed.length === 0, 'a write that came too late took effect')
      return undefined
    },
  },
]

/** Reads until the record differs from its earlier state. */
async function readChanged(bench: ProbeBench, nativeId: string, before: ReadonlyMap<string, string>) {
  const isOther = (native: Parameters<typeof leavesOf>[0]): boolean =>
    [...leavesOf(native)].some(([path, value]) => before.get(path) !== value)
  const read = await bench.readUntil(nativeId, (one) => one.kind === 'live' && isOther(one.native))
  check(
    read.kind === 'live' && isOther(read.native),
    `an update is not seen ${graceMs} ms after the declared lag`,
  )
  return read.native
}

/** Returns false when the system refused the text, which is allowed. */
async function storesText(
  bench: ProbeBench,
  nativeId: string,
  field: TextField,
  name: string,
  text: string,
): Promise<boolean> {
  const cut = field.maxLength === undefined ? text : [...text].slice(0, field.maxLength).join('')
  const result = await bench.tryUpdate(nativeId, patchAt(field.path, cut))
  if (result.kind === 'rejected') return false
  const place = `${field.path.join('.')} (${name})`
  check(result.kind === 'ok', `${place} returns ${wordsOf(result)}`)
  const read = await bench.readUntil(
    nativeId,
    (one) => one.kind === 'live' && sameText(field, cut, textsOf(one.native, field.path)),
  )
  check(read.kind === 'live', `${place} reads as ${wordsOf(read)}`)
  const stored = textsOf(read.native, field.path)
  check(
    sameText(field, cut, stored),
    `${place} was sent as ${JSON.stringify(cut)} and reads as ${JSON.stringify(stored)}`,
  )
  return true
}

function wordsOfDoubt(version: string | undefined): string {
  const doubt = version === undefined ? undefined : tagDoubt(version)
  if (doubt === undefined) return ''
  return doubt === 'weak'
    ? ': its tags are weak (W/…), which If-Match never matches'
    : ': its tags have the suffix of a compressed response'
}
