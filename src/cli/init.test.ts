import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../../test/support/run-program.ts'
import { loadDefinition } from '../runtime/load-definition.ts'
import { exitCodes } from './exit-codes.ts'

let server: Server
let origin = ''
let directory = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    const body = request.url?.startsWith('/crm/users')
      ? [{ id: 1, name: 'Ada', 'e-mail': 'ada@example.org', active: true, address: { city: 'London' } }]
      : { value: [{ id: 'P1', NAME: 'Ada', eMail: 'ada@example.org', Active: true, credit: 12.5 }] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-init-'))
  return () => rmSync(directory, { recursive: true, force: true })
})

const run = (...args: string[]) => runProgram(directory, [...args])

describe('isthmus init', () => {
  test('proposes the fields that a record of each system shares, and writes a definition that loads', async () => {
    const { code, out } = await run(
      'init',
      '--json',
      '--system',
      `crm=${origin}/crm/users`,
      '--system',
      `erp=${origin}/erp/partners`,
    )
    expect(code).toBe(exitCodes.fine)
    expect(JSON.parse(out)).toMatchObject({
      match: 'eMail',
      fields: [
        { name: 'name', maps: { crm: 'name', erp: 'NAME' } },
        { name: 'eMail', maps: { crm: 'e-mail', erp: 'eMail' } },
        { name: 'active', type: 'boolean' },
      ],
    })
    const loaded = await loadDefinition({ directory, secrets: 'keep' })
    expect([...loaded.integration.systems.keys()]).toEqual(['crm', 'erp'])
    expect(loaded.definition.systems).toMatchObject({
      erp: { manifest: { resources: { partners: { list: { paging: 'single', items: 'value' } } } } },
    })
    expect(loaded.definition.systems.crm, 'it answered without a credential').not.toHaveProperty('auth')
    expect(readFileSync(join(directory, '.env.example'), 'utf8')).toContain(`CRM_URL=${origin}/crm`)
  })

  test('takes fields from the flags when a system does not answer, and says so', async () => {
    const { code, out } = await run(
      'init',
      '--system',
      'crm=http://127.0.0.1:1/users',
      '--system',
      `erp=${origin}/erp/partners`,
      '--fields',
      'name,email',
      '--match',
      'email',
    )
    expect(code).toBe(exitCodes.fine)
    expect(out).toContain("can't be read")
    await expect(loadDefinition({ directory, secrets: 'keep' })).resolves.toBeDefined()
  })

  test('overwrites nothing without --force', async () => {
    const flags = [
      'init',
      '--offline',
      '--fields',
      'name',
      '--system',
      'a=https://a.example/x',
      '--system',
      'b=https://b.example/y',
    ]
    expect((await run(...flags)).code).toBe(exitCodes.fine)
    const again = await run(...flags)
    expect(again.code).toBe(exitCodes.usage)
    expect(again.err).toContain('--force')
    expect((await run(...flags, '--force')).code).toBe(exitCodes.fine)
  })

  test.each([
    [['--system', 'crm'], '<name>=<url'],
    [['--system', 'crm=ftp://x/users'], 'is not an http(s) URL'],
    [['--system', 'crm=https://x.example'], 'must end with the collection'],
    [['--system', 'crm=https://x.example/users'], 'two or more systems'],
  ])('explains a wrong command line: %j', async (flags, message) => {
    const { code, err } = await run('init', '--offline', '--fields', 'name', ...flags)
    expect(code).toBe(exitCodes.usage)
    expect(err).toContain(message)
  })
})
