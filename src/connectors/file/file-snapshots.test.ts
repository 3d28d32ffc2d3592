import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  clock,
  context,
  customers,
  folder,
  german,
  listOf,
  ok,
  put,
  shared,
  snapshot,
  withFolder,
} from '../../../test/support/file/connected.ts'

withFolder()

describe('a snapshot', () => {
  test('with another delimiter, quotes, line ends in cells and renamed columns', async () => {
    await put('customers.csv', await readFile(german))
    const resource = customers({
      ...snapshot,
      csv: { delimiter: ';' },
      key: ['number'],
      rename: { Kundennr: 'number', Ort: 'city' },
    })
    const { records, end } = await listOf(resource)
    expect(end).toEqual({ complete: true })
    expect(records.map(({ native }) => native)).toEqual([
      { number: '1001', Name: 'Müller & Söhne', city: 'Köln', Limit: '1.000,50' },
      { number: '1002', Name: 'Schmidt; Hans', city: 'Bonn', Limit: '0' },
      { number: '1003', Name: 'Der "Laden"\nam Eck', city: 'Aachen', Limit: '-12' },
    ])
    expect(await resource.readMany?.(['1003', '9', '1001'], context)).toMatchObject([
      { kind: 'live', nativeId: '1003', native: { city: 'Aachen' } },
      { kind: 'gone' },
      { kind: 'live', nativeId: '1001' },
    ])
  })

  test.each(['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be'])('in %s', async (encoding) => {
    const text = 'id,name\r\n1,Größe "ß"\r\n2,"a,b"\r\n'.replace('"ß"', 'ß')
    const wide = Buffer.from(`\ufeff${text}`, 'utf16le')
    const bytes: Record<string, Buffer> = {
      'utf-8': Buffer.from(`\ufeff${text}`),
      latin1: Buffer.from(text, 'latin1'),
      'windows-1252': Buffer.from(text, 'latin1'),
      'utf-16le': wide,
      'utf-16be': Buffer.from(wide).swap16(),
    }
    await put('customers.csv', bytes[encoding] ?? '')
    const resource = customers({ ...shared, encoding })
    expect((await listOf(resource)).records.map(({ native }) => native.name)).toEqual(['Größe ß', 'a,b'])
    expect(await resource.read('2', context)).toMatchObject({ kind: 'live', native: { name: 'a,b' } })
    ok(await resource.update?.({ nativeId: '1', patch: { name: 'Ärger' }, idempotencyKey: '1' }, context))
    expect(await resource.read('1', context)).toMatchObject({ native: { name: 'Ärger' } })
  })

  test('damaged rows are named by file and line, the others come, and nothing counts as complete', async () => {
    await put('customers.csv', 'id,name\n1,A\n2,B,too,many\n3,"open\n4,D\n5,E\n')
    const resource = customers(snapshot)
    const { records, end } = await listOf(resource)
    expect(records.map(({ nativeId }) => nativeId)).toEqual(['1', '4', '5'])
    expect(end).toEqual({
      complete: false,
      reason: 'customers.csv:3: it has 4 cells instead of 2; and 1 more',
    })
    expect(await resource.read('5', context)).toMatchObject({ kind: 'live' })
    expect(await resource.read('2', context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'FILE_DAMAGED' },
    })
  })

  test('a key that comes twice, a row without a key and bytes that are no text are damage', async () => {
    await put(
      'customers.csv',
      Buffer.concat([Buffer.from('id,name\n1,A\n1,B\n,C\n'), Buffer.from([0x34, 0x2c, 0xff, 0x0a])]),
    )
    const { records, end } = await listOf(customers(snapshot))
    expect(records.map(({ nativeId }) => nativeId)).toEqual(['1'])
    expect(end).toMatchObject({ complete: false, reason: expect.stringContaining('customers.csv:4') })
  })

  test('a file that is not there is no empty list', async () => {
    const resource = customers(snapshot)
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
    expect(await resource.read('1', context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'FILE_NOT_READY', scope: 'system' },
    })
    await put('customers.csv', '')
    expect((await listOf(resource)).end).toEqual({
      complete: false,
      reason: 'customers.csv:1: the file is empty',
    })
  })

  test('the newest of several files by name counts, and files under way do not', async () => {
    await put('customers-2024-01.csv', 'id\n1\n')
    await put('customers-2024-02.csv', 'id\n2\n')
    await writeFile(path.join(folder, 'customers-2024-03.csv.part'), 'id\n3\n')
    const { records } = await listOf(customers({ read: { from: 'snapshot', file: 'customers-*' } }))
    expect(records.map(({ nativeId }) => nativeId)).toEqual(['2'])
  })

  test('a file that still grows is waited for', async () => {
    const file = path.join(folder, 'customers.csv')
    const resource = customers({ ...snapshot, ready: { by: 'stable', for: '1m' } })
    await writeFile(file, 'id,name\n1,A\n2,B')
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
    const before = new Date(Date.now() - 120_000)
    await utimes(file, before, before)
    expect((await listOf(resource)).end).toMatchObject({
      complete: false,
      reason: expect.stringContaining('no line ending'),
    })
    await appendFile(file, '\n')
    await utimes(file, before, before)
    expect((await listOf(resource)).end).toEqual({ complete: true })
  })

  test('a second file says that the first is whole', async () => {
    const resource = customers({ ...snapshot, ready: { by: 'marker' } })
    await put('customers.csv', 'id\n1\n')
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
    await put('customers.csv.done', '')
    expect((await listOf(resource)).end).toEqual({ complete: true })
    const later = new Date(Date.now() + 5_000)
    await utimes(path.join(folder, 'customers.csv'), later, later)
    await expect(listOf(resource)).rejects.toMatchObject({ code: 'FILE_NOT_READY' })
  })

  test('the last row says how many there were', async () => {
    const resource = customers({ ...snapshot, trailer: 'END' })
    await put('customers.csv', 'id,name\n1,A\n2,B\nEND,2\n')
    expect((await listOf(resource)).end).toEqual({ complete: true })
    await put('customers.csv', 'id,name\n1,A\nEND,2\n')
    expect((await listOf(resource)).end).toMatchObject({ complete: false })
    await put('customers.csv', 'id,name\n1,A\n2,B\n')
    expect((await listOf(resource)).end).toMatchObject({ complete: false })
    expect(await resource.read('9', context)).toMatchObject({ kind: 'unknown' })
  })

  test('a file that is exchanged is read anew', async () => {
    const resource = customers(snapshot)
    await put('customers.csv', 'id,name\n1,A\n2,B\n')
    const first = await resource.read('2', context)
    await put('customers.csv', 'id,name\n7,Long enough to move it\n2,C\n')
    expect(await resource.read('2', context)).toMatchObject({ native: { name: 'C' } })
    expect(await resource.read('1', context)).toEqual({ kind: 'gone' })
    await put('customers.csv', 'name,id\nB,2\n')
    const third = await resource.read('2', context)
    expect(third.kind === 'live' && first.kind === 'live' && third.version === first.version).toBe(true)
  })

  test('100,000 rows are listed and looked up with memory flat', async () => {
    const rows = Array.from({ length: 100_000 }, (_, n) => `${n},"Name, ${n}",${'x'.repeat(80)}\n`)
    await put('customers.csv', `id,name,note\n${rows.join('')}`)
    const resource = customers(snapshot)
    const pages = resource.list(context)
    let count = 0
    for (;;) {
      const next = await pages.next()
      if (next.done === true) break
      count += next.value.length
    }
    expect(count).toBe(100_000)
    const nativeIds = Array.from({ length: 200 }, (_, n) => String(n * 499))
    const found = await resource.readMany?.(nativeIds, context)
    expect(found?.every((one, n) => one.kind === 'live' && one.nativeId === nativeIds[n])).toBe(true)
  })

  test('JSON lines keep their values, digits included', async () => {
    await put('customers.csv', '{"id":9007199254740993,"a":{"b":[1.10]}}\n{"id":2}\nnonsense\n')
    const resource = customers({ ...snapshot, format: 'ndjson' })
    const { records, end } = await listOf(resource)
    expect(records.map(({ nativeId }) => nativeId)).toEqual(['9007199254740993', '2'])
    expect(end).toMatchObject({ complete: false, reason: 'customers.csv:3: it is not valid JSON' })
  })
})

describe('writing into the snapshot', () => {
  test('creates, changes and deletes rows, and leaves the bytes of the others', async () => {
    const strange = '2,"kept ""as is""",  spaces  \r\n'
    await put('customers.csv', `id,name,city\r\n1,A,Bonn\r\n${strange}`)
    const resource = customers(shared)
    const create = { body: { id: '3', name: 'C, "quoted"' }, recordId: randomUUID(), idempotencyKey: 'c' }
    const [made, changed] = await Promise.all([
      resource.create?.(create, context),
      resource.update?.({ nativeId: '1', patch: { city: 'Köln' }, idempotencyKey: 'u' }, context),
    ])
    expect(ok(made)).toMatchObject({ nativeId: '3', native: { id: '3', name: 'C, "quoted"', city: '' } })
    expect(ok(changed).native).toEqual({ id: '1', name: 'A', city: 'Köln' })
    expect(await readFile(path.join(folder, 'customers.csv'), 'utf8')).toBe(
      `id,name,city\r\n1,A,Köln\r\n${strange}3,"C, ""quoted""",\r\n`,
    )
    expect(ok(await resource.create?.(create, context)).nativeId).toBe('3')
    ok(await resource.remove?.({ nativeId: '1', mode: 'delete' }, context))
    expect(await resource.remove?.({ nativeId: '1', mode: 'delete' }, context)).toEqual({ kind: 'gone' })
    expect((await listOf(resource)).records.map(({ nativeId }) => nativeId)).toEqual(['2', '3'])
    expect(await readdir(folder)).toEqual(['customers.csv'])
  })

  test('a version guards a row, and the response holds the next one', async () => {
    await put('customers.csv', 'id,name\n1,A\n')
    const resource = customers(shared)
    const read = await resource.read('1', context)
    if (read.kind !== 'live' || read.version === undefined) return expect.fail(read.kind)
    await put('customers.csv', 'id,name\n1,Somebody\n')
    const update = { nativeId: '1', patch: { name: 'B' }, idempotencyKey: 'u' }
    expect(await resource.update?.({ ...update, ifVersion: read.version }, context)).toEqual({
      kind: 'stale',
    })
    const { version } = ok(await resource.update?.(update, context))
    expect(await resource.read('1', context)).toMatchObject({ version })
  })

  test('a lock that somebody else holds is waited for, and an old one is taken away', async () => {
    await put('customers.csv', 'id,name\n1,A\n')
    const lock = path.join(folder, 'customers.csv.lock')
    await writeFile(lock, '')
    const resource = customers(shared)
    const update = { nativeId: '1', patch: { name: 'B' }, idempotencyKey: 'u' }
    const waiting = resource.update?.(update, context)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await readFile(path.join(folder, 'customers.csv'), 'utf8')).toContain('1,A')
    await rm(lock)
    ok(await waiting)
    await writeFile(lock, '')
    const old = new Date(Date.now() - 120_000)
    await utimes(lock, old, old)
    ok(await resource.update?.({ ...update, patch: { name: 'C' } }, context))
    expect(existsSync(lock)).toBe(false)
  })

  test('what the file can not hold is refused, and a damaged file is not touched', async () => {
    await put('customers.csv', 'id,name\n1,A\n')
    const latin = customers({ ...shared, encoding: 'latin1', csv: { quote: '' } })
    const attempt = (patch: Record<string, unknown>) =>
      latin.update?.({ nativeId: '1', patch, idempotencyKey: 'u' }, context)
    expect(await attempt({ name: '漢' })).toMatchObject({
      kind: 'rejected',
      failure: { code: 'FILE_UNWRITABLE' },
    })
    expect(await attempt({ name: 'a,b' })).toMatchObject({ kind: 'rejected', fields: ['name'] })
    expect(await attempt({ other: 'x' })).toMatchObject({ kind: 'rejected', fields: ['other'] })
    expect(await attempt({ id: '2' })).toMatchObject({ kind: 'rejected', fields: ['id'] })
    const broken = 'id,name\n1,A\n2,B,C\n'
    await put('customers.csv', broken)
    expect(await attempt({ name: 'x' })).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'FILE_DAMAGED' },
    })
    expect(await readFile(path.join(folder, 'customers.csv'), 'utf8')).toBe(broken)
  })

  test('a write that came too late leaves nothing', async () => {
    await put('customers.csv', 'id,name\n1,A\n')
    const late = { ...context, startBefore: clock.monotonic() + 5 }
    const update = { nativeId: '1', patch: { name: 'B' }, idempotencyKey: 'u' }
    expect(await customers(shared).update?.(update, late)).toMatchObject({ kind: 'not-sent' })
    expect(await readFile(path.join(folder, 'customers.csv'), 'utf8')).toBe('id,name\n1,A\n')
  })

  test('nothing but the last state is seen while it is rewritten', async () => {
    await put('customers.csv', `id,name\n${Array.from({ length: 500 }, (_, n) => `${n},N\n`).join('')}`)
    const resource = customers(shared)
    const reader = customers(snapshot)
    const writing = (async () => {
      for (let n = 0; n < 10; n += 1)
        ok(
          await resource.update?.(
            { nativeId: String(n), patch: { name: 'M' }, idempotencyKey: 'u' },
            context,
          ),
        )
    })()
    for (let n = 0; n < 20; n += 1) {
      const { records, end } = await listOf(reader)
      expect([records.length, end.complete]).toEqual([500, true])
    }
    await writing
  })
})
