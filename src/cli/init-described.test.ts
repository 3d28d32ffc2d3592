import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../test/support/database.ts'
import { type ShopServer, startShop } from '../../test/support/graphql/shop-server.ts'
import { type LocalServer, sendJson, startServer } from '../../test/support/local-server.ts'
import { productsPath, productsService } from '../../test/support/odata/catalogue.ts'
import { startODataServer } from '../../test/support/odata/server.ts'
import { runProgram } from '../../test/support/run-program.ts'
import { checkIntegration } from '../runtime/check/check-integration.ts'
import { exitCodes } from './exit-codes.ts'

let directory = ''
let shop: ShopServer
let database: TestDatabase
let crm: LocalServer
let odata: Awaited<ReturnType<typeof startODataServer>>

const article = { sku: 'A-1', title: 'Chair', stock: 7, description: null }

const schemas = {
  Article: {
    type: 'object',
    required: ['id', 'sku', 'title'],
    properties: {
      id: { type: 'integer', readOnly: true },
      sku: { type: 'string', maxLength: 40 },
      title: { type: 'string', maxLength: 40 },
      description: { type: ['string', 'null'] },
      stock: { type: 'integer' },
      updatedAt: { type: 'string', format: 'date-time', readOnly: true },
    },
  },
}
const articleRef = { $ref: '#/components/schemas/Article' }
const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const listOf = {
  type: 'object',
  properties: { data: { type: 'array', items: articleRef }, total: { type: 'integer' } },
}
const openapi = (url: string) => ({
  openapi: '3.1.0',
  info: { title: 'Articles', version: '1' },
  servers: [{ url }],
  security: [{ key: [] }],
  paths: {
    '/articles': {
      get: {
        parameters: ['page', 'per_page', 'sku'].map((name) => ({
          name,
          in: 'query',
          schema: { type: 'string' },
        })),
        responses: { 200: { description: 'list', ...json(listOf) } },
      },
      post: {
        requestBody: json(articleRef),
        responses: { 201: { description: 'made', ...json(articleRef) } },
      },
    },
    '/articles/{articleId}': {
      get: { responses: { 200: { description: 'one', headers: { ETag: {} }, ...json(articleRef) } } },
      patch: {
        parameters: [{ name: 'If-Match', in: 'header', schema: { type: 'string' } }],
        requestBody: json(articleRef),
        responses: { 200: { description: 'changed', ...json(articleRef) } },
      },
      delete: { responses: { 204: { description: 'gone' } } },
    },
  },
  components: { schemas, securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
})

beforeAll(async () => {
  shop = await startShop()
  shop.products.create({
    status: 'ACTIVE',
    sku: 'A-1',
    title: 'Chair',
    stock: 3,
    price: { amount: '12.50', currency: 'EUR' },
  })
  database = await withTestDatabase()
  await database.query(
    `create table articles (id bigint generated always as identity primary key, sku text not null unique, title varchar(30) not null,
       stock integer not null default 0, price numeric(10,2), updated_at timestamptz not null default now())`,
  )
  await database.query(`insert into articles (sku, title, stock, price) values ('A-1', 'Chair', 3, 12.5)`)
  crm = await startServer((request, response) => {
    if (request.url === '/openapi.json') return sendJson(response, 200, openapi(crm.url))
    if (request.headers['x-key'] !== 'k') return sendJson(response, 401, { error: 'key' })
    const record = { id: 1, ...article, updatedAt: '2026-01-01T00:00:00Z' }
    sendJson(
      response,
      200,
      request.url.includes('page=1') ? { data: [record], total: 1 } : { data: [], total: 1 },
    )
  })
  odata = await startODataServer({ services: [productsService] })
  odata.table(productsPath, 'Products').create({ Name: 'Chair', Price: '12.50', Available: true } as never)
})
afterAll(async () => {
  await shop.close()
  await database.close()
  await crm.close()
  await odata.close()
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-described-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const run = (...args: string[]) => runProgram(directory, [...args])

const written = (name: string): string => readFileSync(join(directory, name), 'utf8')

/** What `isthmus check` finds wrong, calling the real systems. */
async function errorsOf(environment: Record<string, string>): Promise<string[]> {
  const { rows } = await checkIntegration({ directory, environment })
  return rows.filter(({ level }) => level === 'error').map(({ subject, message }) => `${subject}: ${message}`)
}

interface Report {
  readonly match: string | null
  readonly fields: readonly {
    readonly name: string
    readonly maps: Record<string, unknown>
    readonly comments: string[]
  }[]
  readonly unmapped: Record<string, readonly string[]>
}

describe('isthmus init, from descriptions', () => {
  test('a GraphQL shop and a database: pairs by name and type, and a definition that the systems accept', async () => {
    const { code, out, err } = await run(
      'init',
      '--json',
      '--entity',
      'product',
      '--graphql',
      `shop=${shop.url}/graphql`,
      '--database',
      `erp=${database.connection}`,
    )
    expect(code, err).toBe(exitCodes.fine)
    const report = JSON.parse(out) as Report
    expect(report.match).toBe('sku')
    const maps = Object.fromEntries(report.fields.map((field) => [field.name, field.maps]))
    expect(maps).toMatchObject({
      sku: { shop: 'sku', erp: 'sku' },
      title: { shop: 'title', erp: { path: 'title', maxLength: 30 } },
      stock: { shop: 'stock', erp: 'stock' },
    })
    expect(written('isthmus.yaml')).toContain('high confidence for shop')
    expect(written('isthmus.yaml')).toMatch(/check shop → erp: texts of any length, of which 30 fit/)
    expect(written('shop.manifest.yaml')).toContain('productUpdate')
    expect(written('.env.example')).not.toMatch(/postgres(?:ql)?:\/\/[^:@/]+:[^@]+@/)
    expect(await errorsOf({ SHOP_URL: shop.url, SHOP_TOKEN: 'none', ERP_URL: database.connection })).toEqual(
      [],
    )
  })

  test('check tells what would be cut, and what a create demands and nobody gives', async () => {
    const flags = ['--graphql', `shop=${shop.url}/graphql`, '--database', `erp=${database.connection}`]
    expect((await run('init', '--entity', 'product', ...flags)).code).toBe(exitCodes.fine)
    const text = written('isthmus.yaml')
      .replace(/\n +maxLength: 30/, '')
      .replace(/\n +sku: sku\n/, '\n')
      // A rule whose field is no longer read in both would be refused by itself.
      .replace(/match:\n +- exact:\n +- sku/, 'match: never')
    writeFileSync(join(directory, 'isthmus.yaml'), text)
    const environment = { SHOP_URL: shop.url, SHOP_TOKEN: 'none', ERP_URL: database.connection }
    const { rows } = await checkIntegration({ directory, environment })
    const warnings = rows.filter(({ level }) => level === 'warning').map(({ message }) => message)
    expect(warnings).toContainEqual('title, from shop: texts of any length, of which 30 fit')
    expect(warnings).toContainEqual('a create requires sku, but no field supplies it')
  })

  test('an OpenAPI document, by address, and a GraphQL schema', async () => {
    const { code, err } = await run(
      'init',
      '--json',
      '--entity',
      'article',
      '--openapi',
      `crm=${crm.url}/openapi.json`,
      '--graphql',
      `shop=${shop.url}/graphql`,
      '--resource',
      'shop=products',
    )
    expect(code, err).toBe(exitCodes.fine)
    const manifest = written('crm.manifest.yaml')
    expect(manifest).toMatch(/paging: page/)
    expect(manifest).toMatch(/header: etag/)
    expect(manifest).toMatch(/ifMatch/)
    expect(written('isthmus.yaml')).toMatch(/\{env:CRM_API_KEY\}/)
    expect(
      await errorsOf({ CRM_URL: crm.url, CRM_API_KEY: 'k', SHOP_URL: shop.url, SHOP_TOKEN: 'none' }),
    ).toEqual([])
  })

  test('an OpenAPI document in a YAML file alone: a stand-in takes the place of the second system', async () => {
    writeFileSync(join(directory, 'crm.yaml'), `# as YAML\n${JSON.stringify(openapi(crm.url))}`)
    const { code, err } = await run('init', '--openapi', './crm.yaml')
    expect(code, err).toBe(exitCodes.fine)
    expect(written('isthmus.yaml')).toContain('connector: memory')
    expect(await errorsOf({ API_URL: crm.url, API_API_KEY: 'k' })).toEqual([])
  })

  test('the metadata of an OData service and a database', async () => {
    const root = `${odata.url}${productsPath}`
    const { code, err } = await run(
      'init',
      '--entity',
      'product',
      '--metadata',
      `erp=${root}`,
      '--database',
      `shop=${database.connection}`,
    )
    expect(code, err).toBe(exitCodes.fine)
    expect(written('isthmus.yaml')).toContain('Products:')
    expect(await errorsOf({ ERP_URL: root, SHOP_URL: database.connection })).toEqual([])
  })

  test.each([
    [['--openapi', 'a=./no-such-file.json'], "can't be read"],
    [['--openapi', 'a=./broken.json'], 'neither JSON nor YAML'],
    [['--openapi', 'a=./swagger.json'], 'convert it to OpenAPI 3'],
    [['--openapi', 'a=./empty.json'], 'no collection'],
    [['--graphql', 'a=./broken.json'], 'not a GraphQL schema'],
    [['--metadata', 'a=./empty.json'], "can't be used"],
    [['--database', 'a=mysql://x'], 'postgresql://'],
    [['--database', 'a=postgresql://u:p@127.0.0.1:1/x'], "can't be described"],
    [['--openapi', 'a=./x.json', '--graphql', 'a=./y.json'], 'name each system once'],
    [['--openapi', 'a=./x.json', '--token', 'a=NO_SUCH_VARIABLE'], 'no variable NO_SUCH_VARIABLE'],
  ])(
    'says what is wrong: %j',
    async (flags, message) => {
      writeFileSync(join(directory, 'broken.json'), '{ "openapi": ')
      writeFileSync(join(directory, 'swagger.json'), '{ "swagger": "2.0", "paths": {} }')
      writeFileSync(join(directory, 'empty.json'), '{ "openapi": "3.0.3", "paths": {} }')
      const { code, err } = await run('init', ...flags)
      expect(code).not.toBe(exitCodes.fine)
      expect(err).toContain(message)
      expect(err, 'no password in a message').not.toContain('u:p@')
    },
    60_000,
  )
})
