/** Files as spreadsheets and other programs write them. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  context,
  customers,
  folder,
  listOf,
  ok,
  put,
  snapshot,
  withFolder,
} from '../../../test/support/file/connected.ts'

withFolder()

const shared = { ...snapshot, write: { to: 'snapshot' } }
const file = (): Promise<Buffer> => readFile(path.join(folder, 'customers.csv'))

test.each(['utf-16le', 'utf-16be'])(
  'a byte order mark tells the order of the bytes, whatever %s says',
  async (encoding) => {
    const wide = Buffer.from('\ufeffid,name\r\n1,Köln 🦊\r\n2,B\r\n', 'utf16le')
    await put('customers.csv', encoding === 'utf-16le' ? Buffer.from(wide).swap16() : wide)
    const resource = customers({ ...shared, encoding })
    const { records, end } = await listOf(resource)
    expect(records.map(({ native }) => native)).toEqual([
      { id: '1', name: 'Köln 🦊' },
      { id: '2', name: 'B' },
    ])
    expect(end.complete).toBe(true)
    expect(await resource.read('2', context)).toMatchObject({ kind: 'live', native: { name: 'B' } })
    ok(await resource.update?.({ nativeId: '2', patch: { name: 'C' }, idempotencyKey: 'u' }, context))
    const text = encoding === 'utf-16le' ? await file() : Buffer.from(await file()).swap16()
    expect(text.toString('utf16le')).toBe('\ufeffid,name\r\n1,Köln 🦊\r\n2,C\r\n')
  },
)

test.each([false, true])(
  'a file in UTF-16 that is declared as UTF-8 says what to set',
  async (isBigEndian) => {
    const wide = Buffer.from('\ufeffid,name\r\n1,A\r\n', 'utf16le')
    await put('customers.csv', isBigEndian ? wide.swap16() : wide)
    const { end } = await listOf(customers(snapshot))
    expect(end).toMatchObject({ complete: false, reason: expect.stringContaining('set encoding: utf-16le') })
  },
)

test('blank rows and columns at the end are nothing, and do not come back', async () => {
  await put('customers.csv', 'id,name,,\n1,A,,\n2,B, ,\n,,,\n , ,,\n')
  const resource = customers(shared)
  const { records, end } = await listOf(resource)
  expect(records.map(({ native }) => native)).toEqual([
    { id: '1', name: 'A' },
    { id: '2', name: 'B' },
  ])
  expect(end.complete).toBe(true)
  ok(await resource.update?.({ nativeId: '2', patch: { name: 'C' }, idempotencyKey: 'u' }, context))
  expect((await file()).toString()).toBe('id,name\r\n1,A\r\n2,C\r\n')
})

test.each(['utf-8', 'utf-16le'])('a quote within a cell is a character, in %s', async (encoding) => {
  const text = '\ufeff"id",name,note\n1,5" pipe,"two\nlines"\n2,a "b" c,x\n3,"say ""hi""",6"\n'
  await put('customers.csv', Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le'))
  const resource = customers({ ...shared, encoding })
  const { records, end } = await listOf(resource)
  const rows = [
    { id: '1', name: '5" pipe', note: 'two\nlines' },
    { id: '2', name: 'a "b" c', note: 'x' },
    { id: '3', name: 'say "hi"', note: '6"' },
  ]
  expect(records.map(({ native }) => native)).toEqual(rows)
  expect(end.complete).toBe(true)
  for (const native of rows) expect(await resource.read(native.id, context)).toMatchObject({ native })
})

test('a first line that names the delimiter to spreadsheets is no header', async () => {
  await put('customers.csv', 'sep=,\r\nid,name\r\n1,A\r\n')
  const resource = customers(shared)
  const { records, end } = await listOf(resource)
  expect(records.map(({ native }) => native)).toEqual([{ id: '1', name: 'A' }])
  expect(end.complete).toBe(true)
  expect(await resource.read('1', context)).toMatchObject({ native: { name: 'A' } })
  await put('customers.csv', 'sep=;\r\nid;name\r\n1;A\r\n')
  expect((await listOf(customers(shared))).end).toMatchObject({
    complete: false,
    reason: expect.stringContaining('set csv.delimiter'),
  })
})

test('a cell with a value beyond the columns is still damage', async () => {
  await put('customers.csv', 'id,name,\n1,A,x\n')
  const { end } = await listOf(customers(shared))
  expect(end).toMatchObject({ complete: false, reason: expect.stringContaining('customers.csv:2') })
})

test('a file whose lines end with CR alone is named as such', async () => {
  await put('customers.csv', 'id,name\r1,A\r2,B\r')
  const { records, end } = await listOf(customers(shared))
  expect(records).toEqual([])
  expect(end).toMatchObject({ complete: false, reason: expect.stringContaining('CR alone') })
})

test('what begins like a formula is kept, escaped or refused, as the resource says', async () => {
  const values = ['=1+1', '+49 170', '-x', '@a', "'=x", "''=x", '-5', '+3,5', "O'Hara", "'quoted'"]
  const rows = values.map((name, index) => `${index},${name}`).join('\n')
  for (const formulas of ['keep', 'escape']) {
    await put('customers.csv', 'id,name\n')
    const resource = customers({ ...shared, csv: { formulas } })
    for (const [index, name] of values.entries()) {
      ok(
        await resource.create?.(
          { body: { id: String(index), name }, recordId: 'r', idempotencyKey: String(index) },
          context,
        ),
      )
    }
    const { records } = await listOf(resource)
    expect(records.map(({ native }) => native.name)).toEqual(values)
    const text = (await file()).toString()
    if (formulas === 'keep')
      expect(text).toBe(`id,name\r\n${rows.replaceAll('\n', '\r\n')}\r\n`.replace('+3,5', '"+3,5"'))
    else expect(text).toContain("0,'=1+1\r\n1,'+49 170\r\n2,'-x\r\n3,'@a\r\n4,''=x\r\n5,'''=x\r\n6,-5\r\n")
  }
  const strict = customers({ ...shared, csv: { formulas: 'refuse' } })
  const update = { nativeId: '0', patch: { name: '=HYPERLINK()' }, idempotencyKey: 'u' }
  expect(await strict.update?.(update, context)).toMatchObject({ kind: 'rejected', fields: ['name'] })
  ok(await strict.update?.({ ...update, patch: { name: '-7' } }, context))
})
