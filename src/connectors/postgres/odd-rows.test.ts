/**
 * A row that is not a record affects only itself: neither the list, nor the feed, nor the read of many that
 * contains it.
 */
import { beforeAll, expect, test } from 'vitest'
import { connect, context, listOf, session, withShop } from '../../../test/support/postgres/connected.ts'

withShop()

beforeAll(async () => {
  const client = await session()
  await client.query('create table loose (code text, name text, body json, changed timestamptz)')
})

/** A table whose declared key is not a key of the database, so that rows may lack it. */
function loose(table: Record<string, unknown> = {}, config: Record<string, unknown> = {}) {
  const declared = { key: ['code'], version: 'none', ...table }
  return connect({ tables: { loose: declared }, ...config }).resource('loose')
}

async function filled(rows: string): Promise<void> {
  const client = await session()
  await client.query(`truncate loose; insert into loose (code, name, body, changed) values ${rows}`)
}

const time = `'2026-05-01T12:00:00Z'`
/** JSON that is nested more deeply than a record may be. */
const deep = `${'['.repeat(100)}${']'.repeat(100)}`

test.each([0, 100_000])(
  'a row without a key is counted, and the others are listed (COPY from %i rows)',
  async (copyFrom) => {
    await filled(`('a', 'A', null, ${time}), (null, 'nobody', null, ${time}), ('b', 'B', '${deep}', ${time})`)
    const { records, end } = await listOf(loose({}, { copyFrom }))
    expect(records.map(({ nativeId }) => nativeId).toSorted()).toEqual(['a', 'b'])
    // An unreadable row is read by its key, and its own failure reports the cause.
    expect(records.find(({ nativeId }) => nativeId === 'b')?.native).toEqual({})
    expect(end).toMatchObject({ complete: false, ended: true, unreadable: 1 })
  },
)

test('a row longer than may be kept in memory is listed by its key, before others of the same COPY', async () => {
  await filled(
    `('a', 'A', null, ${time}), ('long', repeat('x', 70 * 1024 * 1024), null, ${time}), ('b', 'B', null, ${time})`,
  )
  const { records, end } = await listOf(loose({}, { copyFrom: 0 }))
  expect(records.map(({ nativeId, native }) => [nativeId, native.name])).toEqual([
    ['a', 'A'],
    ['long', undefined],
    ['b', 'B'],
  ])
  expect(end).toMatchObject({ complete: true, expected: 3 })
})

test('a read of many says of one row that it can not be read, and gives the others', async () => {
  await filled(`('a', 'A', null, ${time}), ('b', 'B', '${deep}', ${time})`)
  expect(await loose().readMany?.(['a', 'b', 'c'], context)).toMatchObject([
    { kind: 'live', nativeId: 'a', native: { name: 'A' } },
    { kind: 'unknown', failure: { code: 'CONNECTOR_RESPONSE_UNUSABLE', scope: 'record' } },
    { kind: 'gone' },
  ])
})

test.each([
  ['the transaction', 'xmin'],
  ['a column', { column: 'changed' }],
] as const)('a feed by %s counts a row without a key, and tells the others', async (_title, changes) => {
  await filled(`('a', 'A', null, ${time}), (null, 'nobody', null, ${time}), ('b', 'B', null, ${time})`)
  const feed = loose({ changes }, { pageSize: 10 })
  const result = await feed.changes?.(undefined, context)
  if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
  expect(result.changed.map(({ nativeId }) => nativeId).toSorted()).toEqual(['a', 'b'])
  expect(result.unreadable).toContain("1 entry of the response can't be read")
})

test('rows without a key fill the last pages of a sweep, which still ends', async () => {
  await filled(
    `('a', 'A', null, ${time}), ${Array.from({ length: 25 }, () => `(null, 'nobody', null, ${time})`).join(', ')}`,
  )
  const feed = loose({ changes: 'xmin' }, { pageSize: 10 })
  const reported: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < 10; page += 1) {
    const result = await feed.changes?.(cursor, context)
    if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
    reported.push(...result.changed.map(({ nativeId }) => nativeId))
    cursor = result.cursor
    if (!result.more) break
    expect(page).toBeLessThan(9)
  }
  expect(reported).toEqual(['a'])
})

test.each([0, 100_000])(
  'a row on which a view fails is listed by its key, and the others as they are (COPY from %i rows)',
  async (copyFrom) => {
    const client = await session()
    await client.query(`
      create table if not exists ratios (code text primary key, part int, whole int);
      truncate ratios;
      insert into ratios select 'r' || n, n, case when n in (7, 8, 40) then 0 else 10 end from generate_series(1, 60) n;
      create or replace view shares as select code, part / whole as share from ratios`)
    const shares = connect({
      tables: { shares: { key: ['code'], version: 'none' } },
      copyFrom,
      pageSize: 25,
    }).resource('shares')
    const { records, end } = await listOf(shares)
    const bare = records.filter(({ native }) => native.share === undefined)
    expect(records.map(({ nativeId }) => nativeId).toSorted()).toEqual(
      Array.from({ length: 60 }, (_, n) => `r${n + 1}`).toSorted(),
    )
    expect(bare.map(({ nativeId }) => nativeId).toSorted()).toEqual(['r40', 'r7', 'r8'])
    expect(end).toMatchObject({ complete: true, expected: 60 })
    const failed = await shares.read('r7', context)
    // What the failure of the record says to the person who has to find the row.
    expect(failed).toMatchObject({
      kind: 'unknown',
      failure: { scope: 'record', message: expect.stringContaining('divides by zero (22012)') },
    })
  },
)
