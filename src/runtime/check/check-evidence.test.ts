import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkIntegration } from './check-integration.ts'
import type { CheckRow } from './check-row.ts'

const directory = mkdtempSync(join(tmpdir(), 'isthmus-evidence-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Case {
  readonly capabilities: string
  readonly part?: string
  readonly normalize?: string
}

/** The rows about creates in `b`. */
async function said({
  capabilities,
  part = '',
  normalize = 'lowercase',
}: Case): Promise<CheckRow | undefined> {
  writeFileSync(
    join(directory, 'isthmus.yaml'),
    `integration: evidence
systems:
  a: { connector: memory, resources: { people: {} } }
  b: { connector: memory, resources: { people: { capabilities: ${capabilities} } } }
entities:
  person:
    fields: { email: { type: string, normalize: [${normalize}] } }
    match: [{ exact: [email] }]
    systems:
      a: { resource: people, map: { email: email }, triggers: [{ poll: 1m }] }
      b: { resource: people, map: { email: email }, acceptRaceWindow: true${part} }
`,
  )
  const { rows } = await checkIntegration({ directory, environment: {}, offline: true })
  expect(rows.filter(({ level }) => level === 'error')).toEqual([])
  return rows.find(
    ({ subject, message }) => subject === 'person in b' && /before a create|it is unknown/.test(message),
  )
}

const hourly = ', triggers: [{ poll: 1h }]'

test('a change feed, and how long a duplicate stays unseen', async () => {
  const row = await said({ capabilities: '{ changes: { commitLagMs: 2000 } }', part: hourly })
  expect(row?.level).toBe('ok')
  expect(row?.message).toBe(
    'before a create its changes are read to their end; a record entered there in the 2 s before this check, or between this check and the create (usually immediate, 1 min at most) is a duplicate, and the next poll detects it (every 1 h)',
  )
})

test('a search, several at once, and both where both lag', async () => {
  const quick = '{ search: { batch: 50, equality: ignoringCase }, changes: { cursor: none } }'
  const one = await said({ capabilities: quick, part: ', triggers: [{ full: "0 3 * * *" }]' })
  expect(one?.message).toMatch(
    /^before a create it is searched by the match fields, up to 50 at once; .* and the next full run detects it$/,
  )
  const slow = '{ search: { lagMs: 900000 }, changes: { commitLagMs: 30000 } }'
  const both = await said({ capabilities: slow, part: hourly })
  expect(both?.message).toMatch(
    /^before a create it is searched by the match fields and its changes are read/,
  )
  expect(both?.message).toContain('in the 30 s before this check')
})

test('a whole list, where there is nothing else', async () => {
  const row = await said({ capabilities: '{ search: null, changes: { cursor: none } }', part: hourly })
  expect(row?.message).toMatch(/^before a create its complete list is read, at most once a minute; /)
})

const offset = (search: string): string =>
  `{ search: ${search}, changes: { cursor: none }, list: { paging: offset }, deletes: byId }`

test('a place where nothing can show it is a warning, until the definition says what becomes of creates', async () => {
  const row = await said({ capabilities: offset('null'), part: hourly })
  expect(row?.level).toBe('warning')
  expect(row?.message).toMatch(
    /^it is unknown whether b already has a record: it has no search .* records are created anyway, .* the next poll detects it \(every 1 h\)$/,
  )
  expect(row?.hint).toContain('createWithoutEvidence')
  const held = await said({ capabilities: offset('null'), part: `${hourly}, createWithoutEvidence: hold` })
  expect(held?.level).toBe('ok')
  expect(held?.message).toMatch(/each create waits for a person \(createWithoutEvidence: hold\)$/)
  const taken = await said({ capabilities: offset('null'), part: `${hourly}, createWithoutEvidence: create` })
  expect(taken?.level).toBe('ok')
  expect(taken?.message).toMatch(/\(createWithoutEvidence: create\)$/)
})

test('a search that is narrower than the rule shows nothing, and is tried all the same', async () => {
  const narrow = offset('{ equality: exact }')
  const row = await said({ capabilities: narrow, part: hourly })
  expect(row?.level).toBe('warning')
  expect(row?.message).toContain('its search distinguishes what the match rules treat as equal')
  expect(row?.message).toContain('search results are matched; otherwise records are created')
  const wide = await said({ capabilities: offset('{ equality: ignoringCase }'), part: hourly })
  expect(wide?.level).toBe('ok')
})

test('nothing is said where nothing is created or nothing comes from elsewhere', async () => {
  expect(await said({ capabilities: '{}', part: ', operations: [update]' })).toBeUndefined()
})
