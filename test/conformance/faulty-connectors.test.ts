/** The suite detects faulty connectors and systems: each fault fails the probe for it. */
import { expect, test } from 'vitest'
import type { Counterpart } from '../../src/connectors/kit/conformance/counterpart.ts'
import { connectorProbes } from '../../src/connectors/kit/conformance/probes.ts'
import { runProbe } from '../../src/connectors/kit/conformance/run-probe.ts'
import { connectorConformance } from '../../src/connectors/kit/conformance/suite.ts'
import type { ConnectedSystem, ListEnd, ListedRecord, Resource } from '../../src/connectors/kit/contract.ts'
import { mergeNative } from '../../src/connectors/kit/native.ts'
import { memory } from '../../src/connectors/memory/index.ts'
import { startCounterpart } from '../support/counterparts/memory.ts'

/** A change of a resource that makes it report something false; `name` is one of the system's resources. */
interface Lie {
  readonly probe: string
  readonly resource: 'people' | 'items' | 'notes'
  readonly lie: (honest: Resource) => Partial<Resource>
}

async function* listed(
  honest: Resource,
  change: (page: readonly ListedRecord[], index: number) => readonly ListedRecord[] | undefined,
  ...[context]: Parameters<Resource['list']>
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const pages = honest.list(context)
  for (let index = 0; ; index += 1) {
    const page = await pages.next()
    if (page.done === true) return page.value
    const changed = change(page.value, index)
    if (changed === undefined) return { complete: true }
    yield changed
  }
}

/** Replaces nested objects, whatever is declared. */
const replacingNested: Lie['lie'] = ({ read, update }) => ({
  update: async (request, context) => {
    const before = await read(request.nativeId, context)
    const nested = Object.entries(request.patch).filter(([, value]) => typeof value === 'object')
    const emptied = nested.map(([key, value]) => {
      const there = before.kind === 'live' ? before.native[key] : {}
      const keys = Object.keys({ ...(there as object) })
      return [key, { ...Object.fromEntries(keys.map((one) => [one, null])), ...(value as object) }]
    })
    const patch = mergeNative(request.patch, Object.fromEntries(emptied))
    return (await update?.({ ...request, patch }, context)) ?? { kind: 'gone' }
  },
})

const lies: Readonly<Record<string, Lie>> = {
  'a precondition that is ignored': {
    probe: 'stale-write-is-refused',
    resource: 'people',
    lie: ({ update }) => ({
      update: async ({ ifVersion: _, ...request }, context) =>
        (await update?.(request, context)) ?? { kind: 'gone' },
    }),
  },
  'a delete that ignores its precondition': {
    probe: 'stale-delete-is-refused',
    resource: 'people',
    lie: ({ remove }) => ({
      remove: async ({ nativeId, mode }, context) =>
        (await remove?.({ nativeId, mode }, context)) ?? { kind: 'gone' },
    }),
  },
  'a failed read told as gone': {
    probe: 'no-answer-is-no-deletion',
    resource: 'people',
    lie: ({ read }) => ({
      read: async (nativeId, context) => {
        const result = await read(nativeId, context)
        return result.kind === 'unknown' ? { kind: 'gone' } : result
      },
    }),
  },
  'a failed feed reported as "nothing new"': {
    probe: 'broken-feed-is-unknown',
    resource: 'people',
    lie: ({ changes }) => ({
      changes: async (cursor, context) => {
        const result = await changes?.(cursor, context)
        if (result?.kind === 'page') return result
        return { kind: 'page', changed: [], cursor: cursor ?? '', more: false }
      },
    }),
  },
  'a failed search reported as "none found"': {
    probe: 'broken-search-is-unknown',
    resource: 'people',
    lie: ({ find }) => ({
      find: async (request, context) => {
        const result = await find?.(request, context)
        return result?.kind === 'found' ? result : { kind: 'found', nativeIds: [], capped: false }
      },
    }),
  },
  'a search that tells case apart where it is declared not to': {
    probe: 'search-equality-as-declared',
    resource: 'people',
    lie: ({ find, read }) => ({
      find: async (request, context) => {
        const result = await find?.(request, context)
        if (result?.kind !== 'found' || request.by === 'marker')
          return result ?? { kind: 'found', nativeIds: [], capped: false }
        const nativeIds: string[] = []
        for (const nativeId of result.nativeIds) {
          const one = await read(nativeId, context)
          if (one.kind === 'live' && one.native.name === request.values.name) nativeIds.push(nativeId)
        }
        return { ...result, nativeIds }
      },
    }),
  },
  'several searches at once whose responses come in another order': {
    probe: 'search-many-equals-single',
    resource: 'items',
    lie: ({ findMany }) => ({
      findMany: async (requests, context) => (await findMany?.(requests, context))?.toReversed() ?? [],
    }),
  },
  'a list that ends after its first page and calls itself complete': {
    probe: 'list-shows-everything',
    resource: 'people',
    lie: (honest) => ({
      list: (context) => listed(honest, (page, index) => (index === 0 ? page : undefined), context),
    }),
  },
  'a broken list that calls itself complete': {
    probe: 'broken-list-is-not-complete',
    resource: 'people',
    lie: (honest) => ({
      async *list(context) {
        const pages = honest.list(context)
        for (;;) {
          const page = await pages.next()
          if (page.done === true) return { complete: true }
          yield page.value
        }
      },
    }),
  },
  'a list by offset that claims to prove absence': {
    probe: 'list-shows-everything',
    resource: 'notes',
    lie: (honest) => ({
      async *list(context) {
        const pages = honest.list(context)
        for (;;) {
          const page = await pages.next()
          if (page.done === true) return { complete: true }
          yield page.value
        }
      },
    }),
  },
  'a feed that loses records of one moment': {
    probe: 'changes-keep-ties',
    resource: 'items',
    lie: ({ changes }) => ({
      changes: async (cursor, context) => {
        const result = (await changes?.(cursor, context)) ?? { kind: 'expired' }
        // The behaviour of a cursor without a tie-break: it continues after the time of the last record.
        return result.kind === 'page' ? { ...result, changed: result.changed.slice(0, 3) } : result
      },
    }),
  },
  'a create that can not be repeated': {
    probe: 'create-twice-makes-one',
    resource: 'items',
    lie: ({ create }) => {
      let count = 0
      return {
        create: async (request, context) => {
          count += 1
          return (
            (await create?.({ ...request, recordId: `${request.recordId}-${count}` }, context)) ?? {
              kind: 'gone',
            }
          )
        },
      }
    },
  },
  'a create whose lost response is told as harmless': {
    probe: 'create-survives-a-lost-response',
    resource: 'people',
    lie: ({ create }) => ({
      create: async (request, context) => {
        const result = await create?.(request, context)
        return result?.kind === 'unknown' ? { ...result, kind: 'not-sent' } : (result ?? { kind: 'gone' })
      },
    }),
  },
  'a patch that replaces nested objects where merging is declared': {
    probe: 'nested-as-declared',
    resource: 'people',
    lie: replacingNested,
  },
  'an update by a mapping that takes the neighbours along': {
    probe: 'composed-update-keeps-neighbours',
    resource: 'people',
    lie: replacingNested,
  },
  'an update that clears what it does not name': {
    probe: 'update-touches-nothing-else',
    resource: 'people',
    lie: ({ update }) => ({
      update: async (request, context) =>
        (await update?.({ ...request, patch: { name: '', ...request.patch } }, context)) ?? { kind: 'gone' },
    }),
  },
  'texts that are trimmed without a word': {
    probe: 'nasty-texts-come-back',
    resource: 'people',
    lie: ({ update }) => ({
      update: async (request, context) => {
        const entries = Object.entries(request.patch)
        const patch = Object.fromEntries(
          entries.map(([key, value]) => [key, typeof value === 'string' ? value.trim() : value]),
        )
        return (await update?.({ ...request, patch }, context)) ?? { kind: 'gone' }
      },
    }),
  },
  'a version that stays the same': {
    probe: 'version-moves-with-each-change',
    resource: 'people',
    lie: ({ read }) => ({
      read: async (nativeId, context) => {
        const result = await read(nativeId, context)
        return result.kind === 'live' ? { ...result, version: '1' } : result
      },
    }),
  },
  'several reads answered in another order': {
    probe: 'read-many-in-order',
    resource: 'people',
    lie: ({ readMany }) => ({
      readMany: async (nativeIds, context) => [...((await readMany?.(nativeIds, context)) ?? [])].reverse(),
    }),
  },
  'a read that responds with another record': {
    probe: 'answers-name-their-record',
    resource: 'people',
    lie: ({ read }) => {
      let first: string | undefined
      return {
        read: (nativeId, context) => {
          first ??= nativeId
          return read(first, context)
        },
      }
    },
  },
  'another record told under the id that was asked for': {
    probe: 'answers-name-their-record',
    resource: 'people',
    lie: ({ read }) => {
      let first: string | undefined
      return {
        read: async (nativeId, context) => {
          first ??= nativeId
          const result = await read(first, context)
          return result.kind === 'live' ? { ...result, nativeId } : result
        },
      }
    },
  },
  'an update answered with another record': {
    probe: 'answers-name-their-record',
    resource: 'people',
    lie: ({ update }) => ({
      update: async (request, context) => {
        const result = (await update?.(request, context)) ?? { kind: 'gone' }
        return result.kind === 'ok' ? { ...result, nativeId: `${result.nativeId}0` } : result
      },
    }),
  },
  'creates that are all answered with one id': {
    probe: 'answers-name-their-record',
    resource: 'people',
    lie: ({ create }) => ({
      create: async (request, context) => {
        const result = (await create?.(request, context)) ?? { kind: 'gone' }
        return result.kind === 'ok' ? { ...result, nativeId: '1' } : result
      },
    }),
  },
  'a write that leaves after its start time': {
    probe: 'late-write-does-not-leave',
    resource: 'people',
    lie: ({ update }) => ({
      update: async (request, { startBefore: _, ...context }) =>
        (await update?.(request, context)) ?? { kind: 'gone' },
    }),
  },
  'a delete that only says so': {
    probe: 'delete-deletes',
    resource: 'people',
    lie: () => ({ remove: async ({ nativeId }) => ({ kind: 'ok', nativeId }) }),
  },
  'deletions that the feed leaves out': {
    probe: 'changes-tell-deletions',
    resource: 'people',
    lie: ({ changes }) => ({
      changes: async (cursor, context) => {
        const result = (await changes?.(cursor, context)) ?? { kind: 'expired' }
        if (result.kind !== 'page') return result
        return { ...result, changed: result.changed.filter(({ deleted }) => deleted !== true) }
      },
    }),
  },
}

function lying(system: ConnectedSystem, name: string, lie: Lie['lie']): ConnectedSystem {
  const honest = system.resource(name)
  const resource = { ...honest, ...lie(honest) } as Resource
  return { ...system, resource: () => resource }
}

const clock = { now: () => Date.now(), monotonic: () => performance.now() }

test.each(Object.entries(lies))('%s is noticed', async (_, { probe: name, resource, lie }) => {
  const counterpart = await startCounterpart()
  const door = counterpart.resources.find((one) => one.name === resource)
  const probe = connectorProbes.find((one) => one.name === name)
  if (door === undefined || probe === undefined || counterpart.connect === undefined) return expect.fail(name)
  const { connect } = counterpart
  const target = { resource, clock, template: door, counterpart, door }
  const honest = await runProbe(probe, { ...target, connect })
  expect(honest.outcome.kind).toBe('passed')
  const { outcome } = await runProbe(probe, { ...target, connect: () => lying(connect(), resource, lie) })
  expect(outcome.kind).toBe('failed')
})

test('two probes never have the same name', () => {
  const names = connectorProbes.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

/** Runs the suite in a separate runner and returns the failures. */
async function failuresOf(change: (counterpart: Counterpart) => Counterpart): Promise<string[]> {
  const tests: { name: string; body: () => Promise<void> }[] = []
  const before: (() => Promise<void>)[] = []
  connectorConformance({
    connector: memory,
    startCounterpart: async () => change(await startCounterpart()),
    runner: {
      describe: (_, body) => body(),
      test: (name, body) => tests.push({ name, body: () => body({}) }),
      beforeAll: (body) => before.push(body),
      afterAll: () => undefined,
    },
  })
  for (const body of before) await body()
  const failed: string[] = []
  for (const { name, body } of tests.filter(({ name }) =>
    /^(has a counterpart|delete-deletes|create-makes)/.test(name),
  )) {
    await body().catch((error: Error) => failed.push(`${name.split(':')[0]}: ${error.message}`))
  }
  return failed
}

const waived = (waivers: Record<string, string>) => (counterpart: Counterpart) => ({
  ...counterpart,
  resources: counterpart.resources.map((one) => ({ ...one, waivers })),
})

test('a waiver for a probe that passes fails, and so does one without a reason or for no probe', async () => {
  expect(await failuresOf((one) => one)).toEqual([])
  const passing = await failuresOf(waived({ 'delete-deletes': 'It was broken in an old release.' }))
  expect(passing.join()).toContain('take the waiver away')
  expect((await failuresOf(waived({ 'delete-deletes': '' }))).join()).toContain('without a reason')
  expect(
    (await failuresOf(waived({ 'no-such-probe': 'It was broken in an old release.' }))).join(),
  ).toContain('no such probe')
})
