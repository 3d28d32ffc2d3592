/** Any legal name of a table or column, in every statement that the connector makes. */
import { describe, expect, test } from 'vitest'
import {
  changesOf,
  connect,
  context,
  listOf,
  nativeIdsOf,
  ok,
  recordId,
  session,
  withShop,
} from '../../../test/support/postgres/connected.ts'

withShop()

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

describe('a table and columns of odd names', () => {
  const cases: [string, { table: string; key: string; marker: string; time: string; more: string[] }][] = [
    [
      'one letter',
      { table: 't', key: 'k', marker: 'v', time: 'n', more: ['r', 't', 'c0', 'k0', 'ver', 'place', 's'] },
    ],
    [
      'reserved',
      {
        table: 'select',
        key: 'user',
        marker: 'order',
        time: 'table',
        more: [
          'from',
          'where',
          'nativeId',
          'record',
          'version',
          'deleted',
          'changed',
          'position',
          'ms',
          'excluded',
          'now',
        ],
      },
    ],
    [
      'quotes, dots and capitals',
      {
        table: 'A."b" c',
        key: "x'y",
        marker: 'Mark.er',
        time: 'Zeit "um"',
        more: ['Größe [cm]', 'a.b', '$1', '%s', '\\', 'ORDER', ' '],
      },
    ],
  ]

  test.each(cases)('%s', async (_, { table, key, marker, time, more }) => {
    const client = await session()
    const columns = [
      `${quoted(key)} serial primary key`,
      `${quoted(marker)} text unique`,
      `${quoted(time)} timestamptz default now()`,
    ]
    await client.query(`drop table if exists ${quoted(table)};
      create table ${quoted(table)} (${[...columns, ...more.map((name) => `${quoted(name)} text`)].join(', ')}, gone boolean)`)
    const own = {
      table,
      key: [key],
      create: { as: 'marker', column: marker },
      changedAt: time,
      touch: [time],
      softDelete: { column: 'gone', value: true },
      remove: ['delete', 'archive'],
    }
    for (const changes of ['xmin', { column: time, commitLag: '0ms' }]) {
      for (const copyFrom of [0, 1_000]) {
        await client.query(`truncate ${quoted(table)} restart identity`)
        const system = connect({ tables: { odd: { ...own, changes } }, copyFrom, pageSize: 2 })
        expect(await system.describe?.(undefined, context)).toMatchObject({ kind: 'known' })
        const odd = system.resource('odd')
        const body = Object.fromEntries(more.map((name) => [name, `of ${name}`]))
        const { nativeId } = ok(
          await odd.create?.({ body, recordId: recordId(1), idempotencyKey: '1' }, context),
        )
        await odd.createMany?.(
          [2, 3, 4].map((n) => ({ body, recordId: recordId(n), idempotencyKey: String(n) })),
          context,
        )
        expect(await odd.read(nativeId, context)).toMatchObject({ kind: 'live', native: body })
        expect((await odd.readMany?.([nativeId, '9'], context))?.map(({ kind }) => kind)).toEqual([
          'live',
          'gone',
        ])
        const { records } = await listOf(odd)
        expect(records.map(({ native }) => native)).toMatchObject([body, body, body, body])
        const [first = ''] = more
        const patch = { [first]: 'new' }
        ok(await odd.update?.({ nativeId, patch, idempotencyKey: 'u' }, context))
        for (const result of (await odd.updateMany?.(
          [{ nativeId, patch: body, idempotencyKey: 'v' }],
          context,
        )) ?? [])
          ok(result)
        const found = await odd.find?.({ by: 'values', values: { [first]: `of ${first}` } }, context)
        expect(JSON.stringify(found)).toContain(`"${nativeId}"`)
        for (const column of more.slice(1)) {
          const others = await odd.find?.({ by: 'values', values: { [column]: 'nobody' } }, context)
          expect(JSON.stringify(others)).not.toContain('unknown')
        }
        const { changed } = await changesOf(odd)
        expect(new Set(nativeIdsOf(changed)).size).toBe(4)
        ok(await odd.remove?.({ nativeId, mode: 'archive' }, context))
        expect(await odd.read(nativeId, context)).toEqual({ kind: 'gone' })
        ok(await odd.remove?.({ nativeId: '2', mode: 'delete' }, context))
      }
    }
  })
})

test('the padding of char(n) is no part of a value, alone and in arrays, read, listed and copied', async () => {
  const client = await session()
  await client.query(`create table labels (id char(4) primary key, name char(10), names char(5)[], code country_code);
    insert into labels values ('a', 'Ann', '{x,yy}', 'DE')`)
  const native = { id: 'a', name: 'Ann', names: ['x', 'yy'], code: 'DE' }
  for (const copyFrom of [0, 1_000]) {
    const labels = connect({ tables: { labels: {} }, copyFrom }).resource('labels')
    expect(await labels.read('a', context)).toMatchObject({ kind: 'live', nativeId: 'a', native })
    expect((await listOf(labels)).records).toMatchObject([{ nativeId: 'a', native }])
    const { native: after } = ok(
      await labels.update?.({ nativeId: 'a', patch: { name: 'Zed' }, idempotencyKey: 'u' }, context),
    )
    expect(after).toMatchObject({ name: 'Zed' })
    ok(await labels.update?.({ nativeId: 'a', patch: { name: 'Ann' }, idempotencyKey: 'w' }, context))
  }
})
