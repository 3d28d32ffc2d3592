/** `isthmus init` from the records of unknown APIs, in the shapes that public ones have. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runProgram } from '../../test/support/run-program.ts'
import {
  type ShapedApi,
  type ShapedApiOptions,
  startShapedApi,
} from '../../test/support/shaped-api/shaped-api.ts'
import { checkIntegration } from '../runtime/check/check-integration.ts'

let directory = ''
const apis: ShapedApi[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-shapes-'))
})
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close()
  rmSync(directory, { recursive: true, force: true })
})

const people = Array.from({ length: 23 }, (_, index) => ({
  name: `Person ${index}`,
  email: `person${index}@example.org`,
  city: 'Bern',
  num_hearts: index + 3,
  amount_tax_display: `${index}.00 CHF`,
}))

async function api(options: Partial<ShapedApiOptions>): Promise<ShapedApi> {
  const made = await startShapedApi({ collection: 'people', shape: 'array', rows: people, ...options })
  apis.push(made)
  return made
}

const init = (...args: string[]) => runProgram(directory, ['init', ...args])

interface Written {
  readonly systems: Record<string, { auth?: unknown; manifest: { resources: Record<string, unknown> } }>
  readonly entities: Record<
    string,
    { match: unknown; fields: object; systems: Record<string, { map: unknown }> }
  >
}

const file = (name: string): string => readFileSync(join(directory, name), 'utf8')
const definition = (): Written => parse(file('isthmus.yaml')) as Written
const resourceOf = (system: string): unknown =>
  Object.values(definition().systems[system]?.manifest.resources ?? {})[0]

/** What `isthmus check` finds wrong with what was written, calling the APIs. */
async function errorsOf(environment: Record<string, string>): Promise<string[]> {
  const { rows } = await checkIntegration({ directory, environment })
  return rows.filter(({ level }) => level === 'error').map(({ subject, message }) => `${subject}: ${message}`)
}

describe('shapes of lists and records', () => {
  test.each<[Partial<ShapedApiOptions>, object]>([
    [
      { shape: 'array', paging: 'none' },
      { list: { paging: 'single' }, search: {} },
    ],
    [{ shape: 'array', paging: 'none', filtersByAll: true }, { list: { paging: 'single' } }],
    [
      { shape: 'oddIds', paging: 'none' },
      { id: 'ref', list: { paging: 'single' } },
    ],
    [{ shape: 'array', paging: 'link' }, { list: { paging: 'link' } }],
    [
      { shape: 'total', paging: 'page' },
      { list: { paging: 'page', parameter: 'page', items: 'items', total: { path: 'totalItems' } } },
    ],
    [
      { shape: 'offsets', paging: 'offset', update: 'PUT', etags: true },
      {
        list: {
          paging: 'offset',
          parameter: 'offset',
          items: 'results',
          size: { parameter: 'limit', value: 100 },
        },
        version: { header: 'etag' },
        write: { with: 'put' },
        remove: { delete: true },
      },
    ],
    [{ shape: 'next', paging: 'cursor' }, { list: { paging: 'next', next: 'next', items: 'data' } }],
    [
      { shape: 'token', paging: 'cursor' },
      { list: { paging: 'cursor', after: 'cursor', next: 'next_cursor', more: 'has_more', items: 'data' } },
    ],
    [
      { shape: 'relay', paging: 'cursor' },
      {
        envelope: { element: 'node' },
        list: {
          paging: 'cursor',
          after: 'after',
          next: 'pageInfo.endCursor',
          more: 'pageInfo.hasNextPage',
          items: 'edges',
        },
      },
    ],
    [
      { shape: 'wrapped', paging: 'cursor' },
      {
        envelope: 'data',
        list: { paging: 'cursor', after: 'cursor', next: 'meta.next_cursor', items: 'data' },
      },
    ],
    [
      { shape: 'hal', paging: 'cursor', update: 'PUT' },
      {
        list: { paging: 'next', next: '_links.next.href', items: '_embedded.people' },
        write: { with: 'put', omit: ['_links'] },
      },
    ],
    [
      { shape: 'jsonApi', paging: 'cursor' },
      {
        mediaType: 'application/vnd.api+json',
        envelope: { response: 'data', body: 'data', with: { type: 'people', id: '{id}' } },
        list: { paging: 'next', next: 'links.next', items: 'data' },
        write: { with: 'patch', nested: 'merge' },
      },
    ],
  ])('%j', async (options, expected) => {
    const odd = await api(options)
    const plainOne = await api({})
    const { code, out, err } = await init(
      '--system',
      `odd=${odd.url}/people`,
      '--system',
      `plain=${plainOne.url}/people`,
    )
    expect(code, err).toBe(0)
    expect(resourceOf('odd')).toMatchObject(expected)
    expect(out).toMatch(/odd: list: (?:high|medium|low) confidence: /)
    expect(file('isthmus.yaml')).toMatch(/# check: list: (?:high|medium|low) confidence: /)
    const { match, systems } = Object.values(definition().entities)[0] ?? expect.fail('no entity')
    expect(match, 'a count and an amount identify nobody').toEqual([{ exact: ['email'] }])
    expect(Object.values(systems.odd?.map ?? {})).toContain(
      options.shape === 'jsonApi' ? 'attributes.name' : 'name',
    )
    expect(await errorsOf({ ODD_URL: odd.url, PLAIN_URL: plainOne.url })).toEqual([])
  })

  test('the address of one record will do', async () => {
    const crm = await api({ shape: 'wrapped' })
    const erp = await api({})
    const { code, err } = await init(
      '--system',
      `crm=${crm.url}/people/3`,
      '--system',
      `erp=${erp.url}/people/4`,
    )
    expect(code, err).toBe(0)
    expect(resourceOf('crm')).toMatchObject({ path: '/people', envelope: 'data', list: { items: 'data' } })
    expect(await errorsOf({ CRM_URL: crm.url, ERP_URL: erp.url })).toEqual([])
  })
})

/** A reference as a definition spells it. */
const env = (name: string): string => `\${env:${name}}`

describe('logins', () => {
  const secret = 's3cr3t-value'
  test.each([
    [
      { header: 'authorization', value: `Bearer ${secret}` },
      ['--token', 'crm=CRM_SECRET'],
      { type: 'bearer', token: env('CRM_SECRET') },
    ],
    [
      { header: 'x-api-key', value: secret },
      ['--api-key', 'crm=X-Api-Key:CRM_SECRET'],
      { type: 'api-key', header: 'X-Api-Key', value: env('CRM_SECRET') },
    ],
    [
      { query: 'api_key', value: secret },
      ['--api-key', 'crm=?api_key:CRM_SECRET'],
      { type: 'api-key', query: 'api_key', value: env('CRM_SECRET') },
    ],
    [
      { header: 'authorization', value: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` },
      ['--basic', 'crm=CRM_USER:CRM_SECRET'],
      { type: 'basic', username: env('CRM_USER'), password: env('CRM_SECRET') },
    ],
  ])('%j', async (login, flags, auth) => {
    writeFileSync(join(directory, '.env'), `CRM_SECRET=${secret}\nCRM_USER=me\n`)
    const crm = await api({ login })
    const erp = await api({})
    const systems = ['--system', `crm=${crm.url}/people`, '--system', `erp=${erp.url}/people`]
    const refused = await init(...systems)
    expect(refused.err, 'without one').toMatch(
      /crm: .*401: specify the authentication with --token crm=VARIABLE/,
    )
    const { code, out, err } = await init(...systems, ...flags)
    expect(code, err).toBe(0)
    expect(definition().systems.crm?.auth).toEqual(auth)
    for (const text of [out, err, file('isthmus.yaml'), file('.env.example')])
      expect(text).not.toContain(secret)
    expect(out, 'only what is missing is asked for').not.toContain('CRM_SECRET=')
    expect(out).toContain(`CRM_URL=${crm.url}`)
    const environment = { CRM_URL: crm.url, ERP_URL: erp.url, CRM_SECRET: secret, CRM_USER: 'me' }
    expect(await errorsOf(environment)).toEqual([])
  })

  test('a secret instead of the name of its variable is refused and not repeated', async () => {
    const crm = await api({})
    const systems = ['--system', `crm=${crm.url}/people`, '--system', `erp=${crm.url}/people`]
    const literal = 'sk_live_51Habc-xyz'
    const { err, code } = await init(...systems, '--token', `crm=${literal}`)
    expect(code).not.toBe(0)
    expect(err).toContain('not the secret itself')
    expect(err).not.toContain(literal)
    const { err: inAddress } = await init(
      ...systems.slice(0, 2),
      '--system',
      `erp=${crm.url}/people?api_key=${literal}`,
    )
    expect(inAddress).toContain('credential')
    expect(inAddress).not.toContain(literal)
  })
})

describe('what is proposed', () => {
  test('--fields is obeyed: these fields, in this order, also one that nobody showed', async () => {
    const crm = await api({})
    const erp = await api({
      rows: people.map(({ name, email, city }) => ({ fullName: name, mail: email, town: city })),
    })
    const flags = ['--system', `crm=${crm.url}/people`, '--system', `erp=${erp.url}/people`]
    const { code, out, err } = await init(...flags, '--fields', 'email,name,vatNumber', '--json')
    expect(code, err).toBe(0)
    const report = JSON.parse(out) as { fields: { name: string; maps: object; comments: string[] }[] }
    expect(report.fields.map(({ name, maps }) => ({ name, maps }))).toEqual([
      { name: 'email', maps: { crm: 'email', erp: 'mail' } },
      { name: 'name', maps: { crm: 'name', erp: 'fullName' } },
      { name: 'vatNumber', maps: { crm: 'vatNumber', erp: 'vatNumber' } },
    ])
    expect(report.fields[2]?.comments[0]).toContain('not found')
  })

  test.each([
    [
      'a number beside a tenant is half of a key',
      { tenant_id: 'T1', customer_number: 'C-1' },
      { customer_number: 'C-2' },
    ],
    [
      'what counts, and what is an amount',
      { num_hearts: 4001, amount_tax_display: '1.00' },
      { num_hearts: 4002, amount_tax_display: '2.00' },
    ],
    [
      'what many share by its kind',
      { postal_code: '3000', phone_number: '+41 1' },
      { postal_code: '3001', phone_number: '+41 2' },
    ],
  ])('no match: %s', async (_title, first, second) => {
    const rows = [
      { name: 'A', ...first },
      { name: 'B', ...first, ...second },
    ]
    const crm = await api({ rows })
    const erp = await api({ rows })
    const { code, out, err } = await init(
      '--system',
      `crm=${crm.url}/people`,
      '--system',
      `erp=${erp.url}/people`,
    )
    expect(code, err).toBe(0)
    expect(Object.values(definition().entities)[0]?.match).toBe('never')
    expect(out).toContain('match: never')
  })

  test('writes a .gitignore, and keeps the lines of one that is there', async () => {
    const crm = await api({})
    const flags = ['--system', `crm=${crm.url}/people`, '--system', `erp=${crm.url}/people`]
    expect((await init(...flags)).code).toBe(0)
    expect(file('.gitignore')).toBe('.env\n.isthmus/\n')
    writeFileSync(join(directory, '.gitignore'), 'node_modules\n/.isthmus')
    expect((await init(...flags, '--force')).code).toBe(0)
    expect(file('.gitignore')).toBe('node_modules\n/.isthmus\n.env\n')
    expect(existsSync(join(directory, '.env')), 'values are for a person to fill in').toBe(false)
  })
})
