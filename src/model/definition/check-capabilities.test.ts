import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type CheckedCapabilities, checkAgainstCapabilities } from './check-capabilities.ts'
import { findingText } from './finding.ts'
import { parseDefinition } from './parse-definition.ts'

const able: CheckedCapabilities = {
  conditionalWrites: true,
  create: 'upsertKey',
  remove: 'both',
  changes: { cursor: 'ts+id' },
  list: { paging: 'keyset' },
}

function findings(
  erp: CheckedCapabilities | undefined,
  edit: (text: string) => string = (text) => text,
): string[] {
  const text = readFileSync(new URL('./fixtures/customer-sync.yaml', import.meta.url), 'utf8')
  const { integration } = parseDefinition(edit(text), { hash: () => 'h' })
  if (integration === undefined) throw new TypeError('the fixture was refused')
  return checkAgainstCapabilities(integration, (system) => (system === 'erp' ? erp : able)).map(findingText)
}

describe('a definition checked against the capabilities of its systems', () => {
  test('finds nothing when they support everything, or when nothing is known', () => {
    expect(findings(able)).toEqual([])
    expect(findings(undefined)).toEqual([])
  })

  test('names every two-way field with a race window that is not accepted', () => {
    const found = findings({ ...able, conditionalWrites: false })
    expect(found.map((text) => text.split(':')[0])).toEqual(
      ['email', 'creditLimit', 'name'].map((field) => `entities.customer.systems.erp.map.${field}`),
    )
  })

  test('accepts race windows that the definition accepts', () => {
    const accept = (text: string) =>
      text.replace(
        'resource: A_BusinessPartner',
        'resource: A_BusinessPartner\n        acceptRaceWindow: true',
      )
    expect(findings({ ...able, conditionalWrites: false }, accept)).toEqual([])
  })

  test('refuses creates and deletions that the system does not offer', () => {
    expect(findings({ ...able, create: 'unsupported' }).join('\n')).toContain(
      "erp can't create A_BusinessPartner",
    )
    expect(findings({ ...able, remove: 'delete' }).join('\n')).toContain('erp can only delete')
    expect(findings({ ...able, create: 'none' }).join('\n')).toContain('needs a decision')
  })

  test('reports that a deletion will be an archive where a system only supports those, and accepts it', () => {
    const deletes = (text: string) => text.replace('action: archive', 'action: delete')
    const [found = '', ...more] = findings({ ...able, remove: 'archive' }, deletes)
    expect(more).toEqual([])
    expect(found).toContain("erp can't delete A_BusinessPartner, so deletions archive there")
    expect(findings({ ...able, remove: 'none' }, deletes).join('\n')).toContain('erp can remove nothing')
  })

  test('refuses a key that differs from the property in which the system stores our record ids', () => {
    const key = (text: string) =>
      text.replace('resource: A_BusinessPartner', 'resource: A_BusinessPartner\n        key: ext.id')
    expect(findings({ ...able, marker: ['ext', 'id'] }, key)).toEqual([])
    expect(findings(able, key)).toEqual([])
    expect(findings({ ...able, marker: ['reference'] })).toEqual([])
    expect(findings({ ...able, marker: ['reference'] }, key)).toEqual([
      'entities.customer.systems.erp.key: record ids are to be in ext.id, but erp keeps them in reference (write key: reference, or leave key out)',
    ])
  })

  test('accepts a searchable key as an identity of creates', () => {
    const key = (text: string) =>
      text.replace('resource: A_BusinessPartner', 'resource: A_BusinessPartner\n        key: ext.id')
    const waits = 'entities.customer.systems.erp.operations'
    expect(findings({ ...able, create: 'none', search: { lagMs: 0 } }, key).join()).not.toContain(waits)
    expect(findings({ ...able, create: 'none', search: { lagMs: 0 } }).join()).toContain(waits)
    expect(findings({ ...able, create: 'none' }, key).join()).toContain(waits)
  })

  test('warns where deletions are to be carried over that can never be noticed', () => {
    const fromErp = (text: string) => text.replace(/from: \[[^\]]*\]/, 'from: [erp]')
    const about = (erp: CheckedCapabilities) =>
      findings(erp, fromErp).filter((text) => text.includes('are never noticed'))
    const offset = { ...able, list: { paging: 'offset' } }
    expect(about(offset)).toEqual([
      'entities.customer.delete.from[0]: deletions in erp are never noticed: A_BusinessPartner is listed by pages that can skip records, and neither a feed nor a webhook reports them (declare a list by key or stable cursor, a feed that reports deletions, or webhooks; or leave erp out)',
    ])
    expect(about({ ...offset, deletes: 'byId' })).toHaveLength(1)
    expect(about({ ...offset, deletes: 'feed' })).toEqual([])
    expect(about({ ...offset, deletes: 'tombstone' })).toEqual([])
    expect(about(able)).toEqual([])
    expect(findings(offset).join()).not.toContain('are never noticed')
  })

  test('refuses triggers that could find nothing', () => {
    const found = findings({ ...able, changes: { cursor: 'none' }, list: { paging: 'none' } }).join('\n')
    expect(found).toContain('triggers[0]: erp offers no change feed')
    expect(found).toContain("triggers[1]: erp can't list")
  })
})
