/** Probes of several writes in one call: each has its own result, and none affects the others. */
import { wordsOf } from '../bench.ts'
import { leavesOf, sameText, textsOf } from '../compare.ts'
import type { Probe } from '../probe.ts'
import { check, skip } from '../verdict.ts'

const noBatch: Probe['skips'] = ({ writeBatch }) =>
  (writeBatch ?? 1) > 1 ? undefined : 'records are written one at a time'

/** Probes of calls for several records at once. */
export const batchProbes: readonly Probe[] = [
  {
    name: 'create-many-in-order',
    proves: 'Each of several creates in one call returns the record that it created, in order.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noBatch(capabilities, resource) ??
      (capabilities.create === 'unsupported' ? 'nothing can be created' : undefined),
    async run(bench) {
      const { createMany } = bench.resource
      check(createMany !== undefined, 'several writes in a call are declared, and there is no createMany')
      const count = Math.min(bench.capabilities.writeBatch ?? 1, 5)
      const requests = Array.from({ length: count }, () => bench.createRequest())
      const results = await createMany.call(bench.resource, requests, bench.context)
      check(results.length === count, `${count} creates have ${results.length} results`)
      for (const [index, result] of results.entries()) {
        check(result.kind === 'ok', `create ${index + 1} of ${count} returns ${wordsOf(result)}`)
        bench.remember(result.nativeId)
        const { native } = await bench.readLive(result.nativeId)
        for (const field of bench.template.texts) {
          const sent = textsOf(requests[index]?.body ?? {}, field.path)
          check(
            sent === undefined || sameText(field, sent, textsOf(native, field.path)),
            `the result in place ${index + 1} names another record`,
          )
        }
      }
      return `${count} at once`
    },
  },
  {
    name: 'create-many-refuses-one',
    proves: 'A refused create among several in one call does not affect the others.',
    touches: 'records',
    skips: (capabilities, resource) =>
      noBatch(capabilities, resource) ??
      (capabilities.create === 'unsupported' ? 'nothing can be created' : undefined),
    async run(bench) {
      const bad = bench.door?.refused?.(bench.seed()) ?? skip('no body is known that the system refuses')
      const requests = [bench.createRequest(), bench.createRequest(bad), bench.createRequest()]
      const results = (await bench.resource.createMany?.(requests, bench.context)) ?? []
      for (const result of results) if (result.kind === 'ok') bench.remember(result.nativeId)
      const kinds = results.map(({ kind }) => kind).join(', ')
      check(kinds === 'ok, rejected, ok', `a refused create between two good ones answers: ${kinds}`)
      return undefined
    },
  },
  {
    name: 'update-many-leaves-neighbours',
    proves: 'An update of a deleted record among several in one call does not affect the others.',
    touches: 'records',
    skips: noBatch,
    async run(bench) {
      const { updateMany } = bench.resource
      check(updateMany !== undefined, 'several writes in a call are declared, and there is no updateMany')
      const nativeIds = (await bench.insertMany(3)).map(({ nativeId }) => nativeId)
      const requests = await Promise.all(
        nativeIds.map((nativeId) => bench.updateRequest(nativeId, bench.template.patch(bench.seed()))),
      )
      await bench.vanish(nativeIds[1] ?? '')
      await bench.readUntil(nativeIds[1] ?? '', (one) => one.kind === 'gone')
      const results = await updateMany.call(bench.resource, requests, bench.context)
      const kinds = results.map(({ kind }) => kind).join(', ')
      check(
        ['ok, gone, ok', 'ok, rejected, ok', 'ok, stale, ok'].includes(kinds),
        `an update of a deleted record between two others answers: ${kinds}`,
      )
      for (const index of [0, 2]) {
        const wanted = leavesOf(requests[index]?.patch ?? {})
        const read = await bench.readUntil(
          nativeIds[index] ?? '',
          (one) => one.kind === 'live' && [...wanted.keys()].every((path) => leavesOf(one.native).has(path)),
        )
        check(read.kind === 'live', `a neighbour reads as ${wordsOf(read)}`)
      }
      return kinds
    },
  },
]
