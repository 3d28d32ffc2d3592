import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findingsOf } from '../model/definition/finding.ts'
import { inspectDefinition, loadDefinition } from './load-definition.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-definition-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const yaml = `
integration: contacts
systems:
  crm: { connector: rest, url: \${env:CRM_URL}, auth: { type: bearer, token: \${env:CRM_TOKEN} } }
  erp: { connector: rest, url: http://localhost:1 }
entities:
  contact:
    fields: { name: string }
    match: [{ exact: [name] }]
    systems:
      crm: { resource: contacts, map: { name: name }, triggers: [{ poll: 1m }] }
      erp: { resource: partners, map: { name: title }, triggers: [{ poll: 1m }] }
`

function write(name: string, text: string): string {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

describe('loading a definition', () => {
  test('finds isthmus.yaml, takes variables from .env beside it and resolves secrets', async () => {
    const source = write('isthmus.yaml', yaml)
    write('.env', 'CRM_URL=https://crm.example.com\nCRM_TOKEN=hunter2\n')
    const loaded = await loadDefinition({ directory })
    expect(loaded.source).toBe(source)
    expect(loaded.integration.systems.get('crm')?.config).toMatchObject({
      url: 'https://crm.example.com',
      auth: { token: 'hunter2' },
    })
    expect(loaded.findings).toEqual([])
  })

  test('keeps the version when only a secret changes, and secrets out of the definition', async () => {
    write('isthmus.yaml', yaml)
    const load = (CRM_TOKEN: string) =>
      loadDefinition({ directory, environment: { CRM_URL: 'http://x', CRM_TOKEN } })
    const [one, two] = [await load('hunter2'), await load('other')]
    expect(one.integration.version).toBe(two.integration.version)
    expect(one.integration.version).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(one.definition)).not.toContain('hunter2')
  })

  test('runs isthmus.config.ts, where functions are allowed', async () => {
    write(
      'isthmus.config.ts',
      `const read = (native: Record<string, unknown>): string => String(native['name']).trim()
       export default {
         integration: 'contacts',
         systems: { crm: { connector: 'rest' }, erp: { connector: 'rest' } },
         entities: { contact: { fields: { name: 'string' }, match: 'never', systems: {
           crm: { resource: 'c', map: { name: { read, write: (name: unknown) => ({ name }) } } },
           erp: { resource: 'p', map: { name: 'title' } } } } },
       }`,
    )
    const { integration } = await loadDefinition({ directory })
    const lens = integration.entities.get('contact')?.systems.get('crm')?.lens
    expect((await lens?.read({ name: ' Ada ' }))?.values).toEqual({ name: 'Ada' })
  })

  test('says which variables are missing and where they are used', async () => {
    write('isthmus.yaml', yaml)
    await expect(loadDefinition({ directory, environment: {} })).rejects.toMatchObject({
      code: 'CONFIG_SECRET_MISSING',
      message:
        'the variable CRM_URL is not set (used by systems.crm.url); the variable CRM_TOKEN is not set (used by systems.crm.auth.token)',
    })
  })

  test('needs no secrets for a check without credentials', async () => {
    write('isthmus.yaml', yaml)
    const { integration } = await loadDefinition({ directory, environment: {}, secrets: 'keep' })
    expect(integration.systems.get('crm')?.config.url).toBe(`\${env:CRM_URL}`)
    const inspected = await inspectDefinition({ directory })
    expect(inspected.findings).toEqual([])
    expect(inspected.integration).toBeDefined()
  })

  test('throws every finding of a broken definition', async () => {
    write('isthmus.yaml', yaml.replace('fields:', 'feilds:').replace('poll: 1m', 'poll: soon'))
    const failure = await loadDefinition({ directory, environment: {} }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'DEFINITION_INVALID' })
    expect(findingsOf(failure)).toHaveLength(2)
    expect(String(failure)).toMatch(
      /isthmus\.yaml has 2 mistakes:\n {2}8:5 entities\.contact\.feilds: unknown key feilds/,
    )
  })

  test('says where it looked when there is none', async () => {
    await expect(loadDefinition({ directory })).rejects.toMatchObject({ code: 'DEFINITION_NOT_FOUND' })
    await expect(loadDefinition({ directory, file: 'other.yaml' })).rejects.toThrow(
      /other\.yaml is not there/,
    )
  })

  test('says so when a TypeScript definition cannot be run or exports nothing', async () => {
    write('broken.config.ts', 'export default (')
    write('empty.config.ts', 'export const named = 1')
    await expect(loadDefinition({ directory, file: 'broken.config.ts' })).rejects.toMatchObject({
      code: 'DEFINITION_UNREADABLE',
    })
    await expect(loadDefinition({ directory, file: 'empty.config.ts' })).rejects.toThrow(/no default export/)
  })
})
