import { randomUUID } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  context,
  customers,
  folder,
  listOf,
  ok,
  put,
  shared,
  snapshot,
  system,
  withFolder,
} from '../../../test/support/file/connected.ts'
import type { Resource } from '../kit/contract.ts'

withFolder()

describe('an outbox', () => {
  const outbox = { ...snapshot, write: { to: 'outbox', folder: 'outbox' }, lag: '1h' }

  test('writes that come together are one file of whole rows', async () => {
    await put('customers.csv', 'id,name,city\n1,A,Bonn\n')
    const resource = customers(outbox)
    const base = { id: '1', name: 'A', city: 'Bonn' }
    const results = await Promise.all([
      resource.create?.(
        { body: { id: '2', name: 'B' }, recordId: randomUUID(), idempotencyKey: 'c' },
        context,
      ),
      resource.update?.({ nativeId: '1', patch: { city: 'Köln' }, base, idempotencyKey: 'u' }, context),
      resource.remove?.({ nativeId: '9', mode: 'delete' }, context),
    ])
    expect(results.map((result) => ok(result).nativeId)).toEqual(['2', '1', '9'])
    const files = await readdir(path.join(folder, 'outbox'))
    expect(files).toHaveLength(1)
    expect(await readFile(path.join(folder, 'outbox', files[0] ?? ''), 'utf8')).toBe(
      'operation,id,name,city\r\ncreate,2,B,\r\nupdate,1,A,Köln\r\ndelete,9,,\r\n',
    )
  })

  test('a create without its key is refused', async () => {
    await put('customers.csv', 'id,name\n1,A\n')
    const create = { body: { name: 'B' }, recordId: randomUUID(), idempotencyKey: 'c' }
    expect(await customers(outbox).create?.(create, context)).toMatchObject({
      kind: 'rejected',
      fields: ['id'],
    })
    const ours = customers({ ...outbox, create: { as: 'recordId' } })
    expect(ok(await ours.create?.(create, context)).nativeId).toBe(create.recordId)
  })
})

describe('change files', () => {
  const deltas = {
    read: { from: 'deltas', files: 'inbox/orders-*.csv', archive: 'done', operation: 'op' },
    lag: '1s',
  }

  async function changesOf(resource: Resource, cursor?: string) {
    const page = await resource.changes?.(cursor, context)
    return page?.kind === 'page' ? page : expect.fail(JSON.stringify(page))
  }

  test('are read in the order of their names, each once, reported by the feed, and archived', async () => {
    await put('inbox/orders-2.csv', 'op,id,state\nupsert,1,paid\ndelete,2,\n')
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,1,new\nupsert,2,new\nupsert,3,new\n')
    const resource = customers(deltas)
    const first = await changesOf(resource)
    expect(first.changed.map(({ nativeId }) => nativeId)).toEqual(['1', '2', '3', '1', '2'])
    expect(first.changed.at(-1)).toEqual({ nativeId: '2', deleted: true })
    expect(await resource.readMany?.(['1', '2', '3', '4'], context)).toMatchObject([
      { kind: 'live', native: { state: 'paid' } },
      { kind: 'gone' },
      { kind: 'live' },
      { kind: 'gone' },
    ])
    expect((await readdir(path.join(folder, 'done'))).toSorted()).toEqual(['orders-1.csv', 'orders-2.csv'])
    expect(await readdir(path.join(folder, 'inbox'))).toEqual([])
    expect((await changesOf(resource, first.cursor)).changed).toEqual([])
    await put('inbox/orders-3.csv', 'op,id,state\nupsert,3,paid\n')
    expect((await changesOf(resource, first.cursor)).changed.map(({ nativeId }) => nativeId)).toEqual(['3'])
    const { records, end } = await listOf(resource)
    expect([records.map(({ nativeId }) => nativeId).toSorted(), end.complete]).toEqual([['1', '3'], true])
  })

  test('another process goes on where the first one stopped, also within a line', async () => {
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,1,new\n')
    const { cursor } = await changesOf(customers(deltas))
    await appendFile(path.join(folder, '.isthmus/customers.ndjson'), '{"k":"5","n":{"i')
    await put('inbox/orders-2.csv', 'op,id,state\nupsert,2,new\n')
    const resource = customers(deltas)
    expect((await changesOf(resource, cursor)).changed.map(({ nativeId }) => nativeId)).toEqual(['2'])
    expect(await resource.readMany?.(['1', '2', '5'], context)).toMatchObject([
      { kind: 'live' },
      { kind: 'live' },
      { kind: 'gone' },
    ])
  })

  test('two processes at once take each file in once', async () => {
    for (let n = 0; n < 5; n += 1) await put(`inbox/orders-${n}.csv`, `op,id,state\nupsert,${n},new\n`)
    const both = [customers(deltas), customers(deltas)]
    await Promise.all(both.map((one) => changesOf(one)))
    for (const one of both) {
      const { changed } = await changesOf(one)
      expect(changed.map(({ nativeId }) => nativeId)).toEqual(['0', '1', '2', '3', '4'])
    }
  })

  test('damaged rows leave their file aside, and somebody hears of it until it is gone', async () => {
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,1,new\nupsert,2\n')
    const resource = customers(deltas)
    const first = await changesOf(resource)
    expect(first.changed.map(({ nativeId }) => nativeId)).toEqual(['1'])
    expect(await resource.changes?.(first.cursor, context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'FILE_DAMAGED' },
    })
    expect((await listOf(resource)).end).toMatchObject({ complete: false })
    expect(await resource.read('2', context)).toMatchObject({ kind: 'unknown' })
    expect(await readFile(path.join(folder, 'done/orders-1.csv.damaged.txt'), 'utf8')).toBe(
      'inbox/orders-1.csv:3: it has 2 cells instead of 3\n',
    )
    await rm(path.join(folder, 'done/orders-1.csv.damaged'))
    expect((await changesOf(resource, first.cursor)).changed).toEqual([])
    expect((await listOf(resource)).end).toEqual({ complete: true })
  })

  test('a file without its last row holds up those after it', async () => {
    const resource = customers({ ...deltas, trailer: 'END' })
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,1,new\n')
    await put('inbox/orders-2.csv', 'op,id,state\nupsert,1,paid\nEND,1\n')
    expect(await resource.changes?.(undefined, context)).toMatchObject({ kind: 'unknown' })
    await put('inbox/orders-1.csv', 'op,id,state\nupsert,1,new\nEND,1\n')
    expect((await changesOf(resource)).changed).toHaveLength(2)
    expect(await resource.read('1', context)).toMatchObject({ native: { state: 'paid' } })
  })

  test('a log that is mostly history is written anew, and older cursors have expired', async () => {
    const resource = customers(deltas)
    const rows = Array.from({ length: 6_000 }, (_, n) => `upsert,${n % 10},s${n}\n`).join('')
    await put('inbox/orders-1.csv', `op,id,state\n${rows}`)
    const { cursor } = await changesOf(resource)
    await put('inbox/orders-2.csv', `op,id,state\n${rows}`)
    expect(await resource.changes?.(cursor, context)).toEqual({ kind: 'expired' })
    expect((await listOf(resource)).records).toHaveLength(10)
    const log = await readFile(path.join(folder, '.isthmus/customers.ndjson'), 'utf8')
    expect(log.split('\n').length).toBeLessThan(20)
  })
})

describe('the folder', () => {
  test('no name leads out of it', () => {
    for (const name of ['../x.csv', '/etc/passwd', 'a/../../x', 'a\\b']) {
      expect(() => customers({ read: { from: 'snapshot', file: name } })).toThrow(/below the folder/)
    }
  })

  test('no link leads out of it', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'isthmus-elsewhere-'))
    await writeFile(path.join(elsewhere, 'customers.csv'), 'id\n1\n')
    await symlink(path.join(elsewhere, 'customers.csv'), path.join(folder, 'customers.csv'))
    await symlink(elsewhere, path.join(folder, 'outbox'))
    await expect(listOf(customers(snapshot))).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
    const inLink = customers({ read: { from: 'snapshot', file: 'outbox/customers.csv' } })
    await expect(listOf(inLink)).rejects.toMatchObject({ code: 'FILE_OUTSIDE' })
    await rm(path.join(folder, 'customers.csv'))
    await put('customers.csv', 'id\n1\n')
    const writes = customers({ ...snapshot, write: { to: 'outbox', folder: 'outbox/deeper' } })
    const create = { body: { id: '2' }, recordId: randomUUID(), idempotencyKey: 'c' }
    expect(await writes.create?.(create, context)).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'FILE_OUTSIDE' },
    })
    expect(await readdir(elsewhere)).toEqual(['customers.csv'])
    await rm(elsewhere, { recursive: true })
  })

  test('is the account: a drive that is away is unknown, not empty', async () => {
    const bound = system(snapshot)
    expect(await bound.fingerprint(context)).toMatchObject({ kind: 'known' })
    await rm(folder, { recursive: true })
    expect(await bound.fingerprint(context)).toMatchObject({ kind: 'unknown' })
    expect(await bound.resource('customers').read('1', context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'FILE_FOLDER_MISSING', scope: 'system' },
    })
  })

  test('describes its fields and finds rows by their values', async () => {
    await put('customers.csv', 'id,name\n1,A\n2,B\n')
    const bound = system(shared)
    expect(await bound.describe?.(undefined, context)).toMatchObject({
      kind: 'known',
      resources: [
        { name: 'customers', key: [['id']], fields: [{ path: ['id'], required: true }, { path: ['name'] }] },
      ],
    })
    const found = await bound.resource('customers').find?.({ by: 'values', values: { name: 'B' } }, context)
    expect(found).toEqual({ kind: 'found', nativeIds: ['2'], capped: false })
  })
})
