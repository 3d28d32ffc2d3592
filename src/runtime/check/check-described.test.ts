import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../../test/support/database.ts'
import { checkIntegration } from './check-integration.ts'

let database: TestDatabase
const directory = mkdtempSync(join(tmpdir(), 'isthmus-described-'))

beforeAll(async () => {
  database = await withTestDatabase()
  await database.query(`create table payments (id text primary key, amount numeric(12, 2) not null,
    currency text not null, kind text not null, branch text not null)`)
})

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await database.close()
})

/** One table twice: the rows about the second system are the fields that a create there lacks. */
const definition = (onCreate: string): string => `
integration: payments
systems:
  from: { connector: postgres, url: "${database.connection}", tables: { payments: {} } }
  to: { connector: postgres, url: "${database.connection}", tables: { payments: {} } }
entities:
  payment:
    fields: { number: { type: string, required: true }, amount: { type: money, required: true } }
    match: [{ exact: [number] }]
    systems:
      from: { resource: payments, direction: source, map: { number: id, amount: { path: amount, currency: currency } } }
      to: { resource: payments, direction: target, map: { number: id, amount: { path: amount, currency: currency } }${onCreate} }
`

async function demanded(onCreate: string): Promise<readonly string[]> {
  writeFileSync(join(directory, 'isthmus.yaml'), definition(onCreate))
  const { rows } = await checkIntegration({ directory, environment: {} })
  return rows.map(({ message }) => message).filter((message) => message.startsWith('a create requires'))
}

test('a currency beside its amount and what every create gets count as given, and nothing else does', async () => {
  expect(await demanded(', onCreate: { kind: sale }')).toEqual([
    'a create requires branch, but no field supplies it',
  ])
  expect(await demanded(', onCreate: { kind: sale, branch: main }')).toEqual([])
})
