/** Probes of reads by id: what is there, what is gone, what never was, and how old an answer may be. */
import { wordsOf } from '../bench.ts'
import { graceMs } from '../patience.ts'
import { hold, type Probe, unproved } from '../probe.ts'

const rounds = 5

export const readProbes: readonly Probe[] = [
  {
    name: 'read-shows-record',
    proves: 'A record that is there is read by its id, and under that id.',
    touches: 'nothing',
    async run(bench) {
      const rids = await bench.someRids(2)
      for (const rid of rids) {
        const read = await bench.readLive(rid)
        hold(read.rid === rid, `asked for ${rid}, the record that came says it is ${read.rid}`)
      }
      return `${rids.length} records`
    },
  },
  {
    name: 'read-never-existed-is-gone',
    proves:
      'A record that never existed is the system\'s own "does not exist", not a failure and not a record.',
    touches: 'nothing',
    async run(bench) {
      const [rid = ''] = await bench.someRids(1)
      const stranger = bench.strangerTo(rid)
      const read = await bench.resource.read(stranger, bench.context)
      hold(read.kind === 'gone', `the id ${stranger}, which nothing has, reads as ${wordsOf(read)}`)
      return undefined
    },
  },
  {
    name: 'read-deleted-is-gone',
    proves: 'A deleted record reads as gone once the declared lag is over.',
    touches: 'records',
    skips: ({ deletes }) =>
      deletes === 'none' ? 'it is declared that a deletion can not be noticed' : undefined,
    async run(bench) {
      const { rid } = await bench.insert()
      await bench.readLive(rid)
      await bench.vanish(rid)
      const read = await bench.readUntil(rid, (one) => one.kind === 'gone')
      hold(read.kind === 'gone', `a deleted record reads as ${wordsOf(read)}`)
      return undefined
    },
  },
  {
    name: 'read-lag-as-declared',
    proves: 'A change is seen by a read within the declared lag.',
    touches: 'records',
    async run(bench) {
      const { rid } = await bench.insert()
      const { lagMs } = bench.capabilities.read
      let longestMs = 0
      for (let round = 0; round < rounds; round += 1) {
        const before = JSON.stringify((await bench.readLive(rid)).native)
        await bench.change(rid)
        const startedAt = performance.now()
        const read = await bench.readUntil(
          rid,
          (one) => one.kind === 'live' && JSON.stringify(one.native) !== before,
        )
        hold(
          read.kind === 'live' && JSON.stringify(read.native) !== before,
          `${lagMs + graceMs} ms after a change the record still reads as before (declared: ${lagMs} ms)`,
        )
        // A read that was under way when the change came is not late, so the first answer never counts as a lag.
        longestMs = Math.max(longestMs, performance.now() - startedAt)
      }
      const isLate = lagMs === 0 && longestMs > graceMs
      hold(!isLate, `a change took ${Math.round(longestMs)} ms to be seen, declared are ${lagMs}`)
      return `seen after at most ${Math.round(longestMs)} ms in ${rounds} rounds, declared are ${lagMs}`
    },
  },
  {
    name: 'read-your-writes',
    proves: 'With a declared lag of nothing, the first read after a write shows it.',
    touches: 'records',
    skips: ({ read }) => (read.lagMs > 0 ? `a lag of ${read.lagMs} ms is declared` : undefined),
    async run(bench) {
      const { rid } = await bench.insert()
      for (let round = 0; round < rounds; round += 1) {
        const before = JSON.stringify((await bench.readLive(rid)).native)
        await bench.update(rid, bench.template.patch(bench.seed()))
        const read = await bench.resource.read(rid, bench.context)
        hold(
          read.kind === 'live' && JSON.stringify(read.native) !== before,
          'the read right after a write shows the state before it',
        )
      }
      return `${rounds} rounds`
    },
  },
  {
    name: 'read-many-in-order',
    proves: 'A read of several records answers each in its place, also where one does not exist.',
    touches: 'nothing',
    skips: ({ read }) => (read.batch > 1 ? undefined : 'records are read one at a time'),
    async run(bench) {
      const { readMany } = bench.resource
      hold(readMany !== undefined, 'several at once are declared, and there is no readMany')
      const rids = await bench.someRids(Math.min(bench.capabilities.read.batch - 1, 5))
      await bench.readLive(rids.at(-1) ?? '')
      const stranger = bench.strangerTo(rids[0] ?? '')
      const asked = [rids[0] ?? '', stranger, ...rids.slice(1)].slice(0, bench.capabilities.read.batch)
      const results = await readMany.call(bench.resource, asked, bench.context)
      hold(results.length === asked.length, `${asked.length} were asked for, ${results.length} answers came`)
      for (const [index, rid] of asked.entries()) {
        const result = results[index]
        const fits =
          rid === stranger ? result?.kind === 'gone' : result?.kind === 'live' && result.rid === rid
        hold(fits, `place ${index + 1} of ${asked.length} answers ${wordsOf(result)}`)
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
      const rids = new Set(await bench.someRids(2))
      const { records } = await bench.list(bench.door === undefined ? 5 : undefined)
      const listed = records.filter(({ rid }) => bench.door === undefined || rids.has(rid)).slice(0, 5)
      if (listed.length === 0) unproved('the list shows none of the records')
      for (const { rid, version } of listed) {
        const read = await bench.readLive(rid)
        hold(
          version === undefined || read.version === undefined || version === read.version,
          `record ${rid} is listed with version ${version} and read with ${read.version}`,
        )
      }
      return `${listed.length} records`
    },
  },
]
