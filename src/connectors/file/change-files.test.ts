import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CallContext, ListEnd, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'
import { Folder } from './folder.ts'
import { underLock } from './lock.ts'

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const deltas = { read: { from: 'deltas', files: 'inbox/orders-*.csv', archive: 'done', operation: 'op' } }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-changes-'))
  await mkdir(path.join(folder, 'inbox'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function orders(resource: Record<string, unknown> = deltas, more: Record<string, unknown> = {}): Resource {
  return connectSystem(
    {
      name: 'erp',
      connector: 'file',
      config: { folder, resources: { orders: resource }, ...more },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  ).resource('orders')
}

async function put(name: string, content: string): Promise<void> {
  const draft = path.join(folder, `${randomUUID()}.tmp`)
  await writeFile(draft, content)
  await rename(draft, path.join(folder, name))
}

const rows = (count: number, word: string): string =>
  `op,id,state\n${Array.from({ length: count }, (_, n) => `upsert,${n},${word}${'x'.repeat(500)}\n`).join('')}`

async function changesOf(resource: Resource, cursor?: string) {
  const page = await resource.changes?.(cursor, context)
  return page?.kind === 'page' ? page : expect.fail(JSON.stringify(page))
}

async function listed(resource: Resource, meanwhile?: () => Promise<void>) {
  const nativeIds = new Set<string>()
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { nativeIds, end: next.value as ListEnd }
    if (nativeIds.size === 0) await meanwhile?.()
    for (const { nativeId } of next.value) nativeIds.add(nativeId)
  }
}

test('a list holds a record that is reported once more while it is read', async () => {
  await put('inbox/orders-1.csv', rows(3_000, 'new'))
  const resource = orders(deltas, { pageSize: 10 })
  const { nativeIds, end } = await listed(resource, async () => {
    await put('inbox/orders-2.csv', 'op,id,state\nupsert,2999,paid\n')
    await changesOf(resource)
  })
  expect([nativeIds.size, end.complete]).toEqual([3_000, true])
})

test('a page of the feed passes over nothing that comes while it is read', async () => {
  await put('inbox/orders-1.csv', rows(4_000, 'new'))
  const resource = orders(deltas, { pageSize: 10_000 })
  await changesOf(resource)
  const reading = changesOf(resource)
  const late = Array.from({ length: 10 }, (_, n) => `late${n}`)
  for (const nativeId of late) {
    await put(`inbox/orders-${nativeId}.csv`, `op,id,state\nupsert,${nativeId},new\n`)
    await resource.list(context).next() // checks for files at once
  }
  const first = await reading
  const second = await changesOf(resource, first.cursor)
  expect([...first.changed, ...second.changed].map(({ nativeId }) => nativeId)).toEqual(
    expect.arrayContaining(late),
  )
})

test('a log that another process has written anew is read anew, and nothing in it counts as gone', async () => {
  const history = Array.from({ length: 9_990 }, (_, n) => `upsert,${n % 20},s${n}\n`).join('')
  await put('inbox/orders-1.csv', `op,id,state\n${history}`)
  const [slow, other] = [orders(), orders()]
  await changesOf(other)
  await slow.list(context).next() // checks at once; for half a second its reads don't check again
  await put('inbox/orders-2.csv', rows(15, 'last'))
  await changesOf(other)
  const results = await slow.readMany?.(['0', '7', '19'], context)
  expect(results?.filter(({ kind }) => kind === 'gone')).toEqual([])
  await expect
    .poll(() => slow.readMany?.(['0', '19'], context))
    .toMatchObject([{ kind: 'live' }, { kind: 'live' }])
})

test('a lost log is no deletion of everything', async () => {
  await put('inbox/orders-1.csv', rows(2, 'new'))
  await changesOf(orders())
  await rm(path.join(folder, '.isthmus'), { recursive: true })
  const resource = orders()
  expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown' })
  expect((await listed(resource)).end).toMatchObject({ complete: false })
  await put('inbox/orders-2.csv', 'op,id,state\nupsert,5,new\n')
  expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown' })
  // Following the advice in the response helps.
  await rm(path.join(folder, '.isthmus'), { recursive: true })
  for (const name of await readdir(path.join(folder, 'done')))
    await rename(path.join(folder, 'done', name), path.join(folder, 'inbox', name))
  const whole = await listed(orders())
  expect([[...whole.nativeIds].toSorted(), whole.end.complete]).toEqual([['0', '1', '5'], true])
})

test('an empty place where the drive should be is no deletion of everything', async () => {
  await put('inbox/orders-1.csv', rows(2, 'new'))
  const resource = orders()
  await changesOf(resource)
  await rm(folder, { recursive: true })
  await mkdir(folder)
  await expect.poll(() => resource.read('1', context)).toMatchObject({ kind: 'unknown' })
  await expect(listed(resource)).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
  expect(await orders().read('1', context)).toMatchObject({ kind: 'unknown' })
})

test('a second damaged file of one name is heard of too', async () => {
  const resource = orders()
  for (let count = 0; count < 2; count += 1) {
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,2\n')
    await resource.changes?.(undefined, context)
  }
  const aside = (await readdir(path.join(folder, 'done'))).filter((name) => name.endsWith('.damaged'))
  expect(aside).toHaveLength(2)
  await rm(path.join(folder, 'done/orders-1.csv.damaged'))
  expect(await resource.read('2', context)).toMatchObject({ kind: 'unknown' })
})

test('a file that stops in the middle of a row is still coming, not damaged', async () => {
  const resource = orders({ ...deltas, ready: { by: 'stable', for: '1s' } })
  const name = path.join(folder, 'inbox/orders-1.csv')
  const file = await open(name, 'w')
  await file.write('op,id,state\nupsert,1,new\nupsert,2')
  await utimes(name, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000))
  expect(await resource.changes?.(undefined, context)).toMatchObject({ kind: 'unknown' })
  expect(await readdir(path.join(folder, 'inbox'))).toEqual(['orders-1.csv'])
  await file.write(',new\n')
  await file.close()
  await utimes(name, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000))
  expect((await changesOf(resource)).changed.map(({ nativeId }) => nativeId)).toEqual(['1', '2'])
})

test('an export of no byte is no empty one, and our own rewriting leaves none', async () => {
  const shared = { format: 'ndjson', read: { from: 'snapshot', file: 'o.ndjson' }, write: { to: 'snapshot' } }
  await put('o.ndjson', '')
  const resource = orders(shared)
  expect((await listed(resource)).end).toMatchObject({ complete: false })
  expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown' })
  await put('o.ndjson', '{"id":"1"}\n')
  expect(await resource.remove?.({ nativeId: '1', mode: 'delete' }, context)).toMatchObject({ kind: 'ok' })
  expect((await listed(resource)).end).toMatchObject({ complete: true })
})

test('a lock that was lost while its holder stood still is not taken from the next one', async () => {
  const name = path.join(folder, 'x.lock')
  await underLock(new Folder(folder), 'x.lock', 1_000, async (isHeld) => {
    expect(await isHeld()).toBe(true)
    await writeFile(name, 'somebody else\n')
    expect(await isHeld()).toBe(false)
  })
  expect(await readFile(name, 'utf8')).toBe('somebody else\n')
})
