/** Empty is not absent, from a source to the requests to a target: creates carry empty values, and no default of the target is propagated. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { withTestDatabase } from '../support/database.ts'
import { type JoinOptions, recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { until } from '../support/running-pair.ts'
import { testKey } from '../support/test-key.ts'

const { join } = useJoinedSystems()

const text = { type: 'string' }
const fields = {
  code: { type: 'string', required: true },
  note: text,
  status: text,
  tags: { type: 'list', of: text },
  address: { type: 'group', fields: { street: text, city: text } },
  score: { type: 'decimal' },
  active: { type: 'boolean' },
}
const map = Object.fromEntries(Object.keys(fields).map((name) => [name, name]))
const source = { code: 'A', note: '', tags: [], address: {}, score: 0, active: false }
const ofTheErp = {
  note: 'n/a',
  status: 'active',
  tags: ['new'],
  address: { city: '?' },
  score: 5,
  active: true,
}

function definition(conflict: string): NonNullable<JoinOptions['definition']> {
  return {
    customer: { fields, match: [{ exact: ['code'] }], conflict: { default: conflict } },
    crmPart: { map },
    erpPart: { map },
  }
}

test('a create carries empty texts, lists and objects, zero and false, and the target’s defaults are not propagated', async () => {
  const it = await join({
    definition: definition('prefer crm erp'),
    erp: { defaults: ofTheErp },
    inCrm: [source],
  })
  await it.until('it is there', () => valuesOf(it.partners, 'code').length > 0)
  await it.quiet()
  expect(recordOf(it.partners, 'A').body).toMatchObject({ ...source, status: 'active' })
  expect(recordOf(it.contacts, 'A').body).toEqual(source)
  const writes = it.writes()
  await it.full()
  expect(it.writes()).toBe(writes)
  // From now on the status is a value like any other.
  it.partners.patch(recordOf(it.partners, 'A').nativeId, { status: 'blocked' }, 'user')
  await it.until('the status is here', () => recordOf(it.contacts, 'A').body.status === 'blocked')
})

test('a default fills an absent value where the policy ranks its system first, and never a stated one', async () => {
  const it = await join({
    definition: definition('prefer erp crm'),
    erp: { defaults: ofTheErp },
    inCrm: [source],
  })
  await it.until('the status is here', () => recordOf(it.contacts, 'A').body.status === 'active')
  await it.quiet()
  expect(recordOf(it.contacts, 'A').body).toEqual({ ...source, status: 'active' })
})

test.each(['body+version', 'nothing'])(
  'an empty text that a create drops in favour of a default is written once more (responds with %s)',
  async (returns) => {
    const it = await join({
      definition: {
        ...definition('prefer crm erp'),
        erpResource: { write: { with: 'put', returns, omit: ['id', 'version', 'updatedAt'] } },
      },
      erp: { defaults: { note: 'n/a' }, dropsEmptyOnCreate: true },
      inCrm: [{ code: 'A', note: '' }],
    })
    await it.until('the note is empty there', () => valuesOf(it.partners, 'note').includes(''))
    await it.quiet()
    expect(recordOf(it.contacts, 'A').body).toEqual({ code: 'A', note: '' })
    expect(it.writes()).toBe(2)
  },
)

test('between two databases, one of which has defaults', async () => {
  const [a, b, store] = [await withTestDatabase(), await withTestDatabase(), await withTestDatabase()]
  const directory = await mkdtemp(path.join(tmpdir(), 'isthmus-empty-'))
  try {
    await a.query('create table n2 (id bigint primary key, t text, u text, list text[], more jsonb)')
    await b.query(
      `create table n2 (id bigint primary key, t text default 'none', u text default 'unknown', list text[] default '{x}', more jsonb default '{"a": 1}')`,
    )
    await a.query(`insert into n2 values (1, '', null, '{}', '{}'), (2, 'x', 'y', '{z}', '{"a": "b"}')`)
    const part = {
      resource: 'n2',
      map: { id: 'id', t: 't', u: 'u', list: 'list', more: 'more' },
      triggers: [{ poll: '1h' }],
    }
    const system = (url: string) => ({ connector: 'postgres', url, tables: { n2: { key: ['id'] } } })
    const types = { id: 'integer', t: 'string', u: 'string', list: { type: 'list', of: 'string' } }
    const more = { type: 'group', fields: { a: 'string' } }
    const isthmus = {
      integration: 'empty-on-create',
      systems: { a: system(a.connection), b: system(b.connection) },
      entities: {
        n2: {
          fields: { ...types, more },
          match: [{ exact: ['id'] }],
          conflict: { default: 'prefer a b' },
          systems: { a: part, b: part },
        },
      },
    }
    await writeFile(path.join(directory, 'isthmus.yaml'), JSON.stringify(isthmus))
    const runtime = await createRuntime({
      loaded: await loadDefinition({ directory, environment: {} }),
      settings: readSettings({ ...testKey, DATABASE_URL: store.connection }, directory),
      engine: { pollMs: 100 },
    })
    runtime.start()
    try {
      await until(async () => (await b.query('select 1 from n2')).length === 2)
      await until(async () => {
        const { queue } = await runtime.store.admin.status()
        return queue.due + queue.waiting + queue.running === 0
      })
    } finally {
      await runtime.stop()
    }
    const rows = 'select id::int, t, u, list, more from n2 order by id'
    const [empty, full] = [
      { id: 1, t: '', list: [], more: {} },
      { id: 2, t: 'x', u: 'y', list: ['z'], more: { a: 'b' } },
    ]
    expect(await b.query(rows)).toEqual([{ ...empty, u: 'unknown' }, full])
    expect(await a.query(rows)).toEqual([{ ...empty, u: null }, full])
  } finally {
    for (const database of [a, b, store]) await database.close()
    await rm(directory, { recursive: true, force: true })
  }
})
