/** Probes of reads by id: of existing, deleted and nonexistent records, and of how old a response may be. */
import { wordsOf } from '../bench.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'
import { graceMs } from '../waiter.ts'

const rounds = 5

/** Probes of reads by id. */
export const readProbes: readonly Probe[] = [
  {
    name: 'read-shows-record',
    proves: 'An existing record is read by its id, and returned with that id.',
    touches: 'nothing',
    async run(bench) {
      const nativeIds = await bench.someNativeIds(2)
      for (const nativeId of nativeIds) {
        const read = await bench.readLive(nativeId)
        check(
          read.nativeId === nativeId,
          `asked for ${nativeId}, the record that came says it is ${read.nativeId}`,
        )
      }
      return `${nativeIds.length} records`
    },
  },
  {
    name: 'read-never-existed-is-gone',
    proves:
      'A read of an id that never existed returns the system\'s own "does not exist", not a failure and not a record.',
    touches: 'nothing',
    async run(bench) {
      const [nativeId = ''] = await bench.someNativeIds(1)
      const stranger = bench.strangerTo(nativeId)
      const read = await bench.resource.read(stranger, bench.context)
      check(read.kind === 'gone', `the id ${stranger}, which nothing has, reads as ${wordsOf(read)}`)
      return undefined
    },
  },
  {
    name: 'read-deleted-is-gone',
    proves: 'A deleted record reads as gone once the declared lag has elapsed.',
    touches: 'records',
    skips: ({ deletes }) =>
      deletes === 'none' ? 'it is declared that a deletion can not be noticed' : undefined,
    async run(bench) {
      const { nativeId } = await bench.insert()
      await bench.readLive(nativeId)
      await bench.vanish(nativeId)
      const read = await bench.readUntil(nativeId, (one) => one.kind === 'gone')
      check(read.kind === 'gone', `a deleted record reads as ${wordsOf(read)}`)
      return undefined
    },
  },
  {
    name: 'read-lag-as-declared',
    proves: 'A change is seen by a read within the declared lag.',
    touches: 'records',
    async run(bench) {
      const { nativeId } = await bench.insert()
      const { lagMs } = bench.capabilities.read
      let longestMs = 0
      for (let round = 0; round < rounds; round += 1) {
        const before = JSON.stringify((await bench.readLive(nativeId)).native)
        await bench.change(nativeId)
        const startedAt = performance.now()
        const read = await bench.readUntil(
          nativeId,
          (one) => one.kind === 'live' && JSON.stringify(one.native) !== before,
        )
        check(
          read.kind === 'live' && JSON.stringify(read.native) !== before,
          `${lagMs + graceMs} ms after a change the record still reads as before (declared: ${lagMs} ms)`,
        )
        // A read that was in flight during the change is not late, so the first response never counts as a
        // lag.
        longestMs = Math.max(longestMs, performance.now() - startedAt)
      }
      const isLate = lagMs === 0 && longestMs > graceMs
      check(!isLate, `a change took ${Math.round(longestMs)} ms to be seen, declared are ${lagMs}`)
      return `seen after at most ${Math.round(longestMs)} ms in ${rounds} rounds, declared are ${lagMs}`
    },
  },
  {
    name: 'read-your-writes',
    proves: 'With a declared lag of zero, the first read after a write shows it.',
    touches: 'records',
    skips: ({ read }) => (read.lagMs > 0 ? `a lag of ${read.lagMs} ms is declared` : undefined),
    async run(bench) {
      const { nativeId } = await bench.insert()
      for (let round = 0; round < rounds; round += 1) {
        const before = JSON.stringify((await bench.readLive(nativeId)).native)
        await bench.update(nativeId, bench.template.patch(bench.seed()))
        const read = await bench.resource.read(nativeId, bench.context)
        check(
          read.kind === 'live' && JSON.stringify(read.native) !== before,
          'the read right after a write shows the state before it',
        )
      }
      return `${rounds} rounds`
    },
  },
  {
    name: 'read-many-in-order',
    proves: 'A read of several records returns them in order, even if one does not exist.',
    touches: 'nothing',
    skips: ({ read }) => (read.batch > 1 ? undefined : 'records are read one at a time'),
    async run(bench) {
      const { readMany } = bench.resource
      check(readMany !== undefined, 'several at once are declared, and there is no readMany')
      const nativeIds = await bench.someNativeIds(Math.min(bench.capabilities.read.batch - 1, 5))
      await bench.readLive(nativeIds.at(-1) ?? '')
      const stranger = bench.strangerTo(nativeIds[0] ?? '')
      const asked = [nativeIds[0] ?? '', stranger, ...nativeIds.slice(1)].slice(
        0,
        bench.capabilities.read.batch,
      )
      const results = await readMany.call(bench.resource, asked, bench.context)
      check(results.length === asked.length, `${asked.length} were asked for, ${results.length} answers came`)
      for (const [index, nativeId] of asked.entries()) {
        const result = results[index]
        const fits =
          nativeId === stranger
            ? result?.kind === 'gone'
            : result?.kind === 'live' && result.nativeId === nativeId
        check(fits, `place ${index + 1} of ${asked.length} returns ${wordsOf(result)}`)
      }
      return `${asked.length} at once`
    },
  },
  {
    name: 'read-agrees-with-list',
    proves: 'The list and a read by id show the same record and the same version.',
    touches: 'nothing',
    skips: ({ list }) => (list.paging === 'none' ? 'the resource can not be listed' : undefined),
    async run(bench) {
      const nativeIds = new Set(await bench.someNativeIds(2))
      const { records } = await bench.list(bench.door === undefined ? 5 : undefined)
      const listed = records
        .filter(({ nativeId }) => bench.door === undefined || nativeIds.has(nativeId))
        .slice(0, 5)
      if (listed.length === 0) skip('the list shows none of the records')
      for (const { nativeId, version } of listed) {
        const read = await bench.readLive(nativeId)
        check(
          version === undefined || read.version === undefined || version === read.version,
          `record ${nativeId} is listed with version ${version} and read with ${read.version}`,
        )
      }
      return `${listed.length} records`
    },
  },
]
