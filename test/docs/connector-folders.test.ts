/** All connectors have the same files, so that who knows one finds everything in another. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { builtInConnectors } from '../../src/connectors/registry.ts'

const root = path.resolve(import.meta.dirname, '..', '..', 'src', 'connectors')

const always = ['README.md', 'TYPES.md', 'config.ts', 'fixtures', 'index.ts']
const withRecords = [
  'resources.ts',
  ...['changes', 'create', 'find', 'list', 'read', 'remove', 'update'].map((name) => `operations/${name}.ts`),
]

/** Connectors that lack some of them, and why. */
const exceptions: Readonly<Record<string, { readonly lacks: readonly string[]; readonly why: string }>> = {
  'google-maps': { lacks: withRecords, why: 'it provides lookups and has no records' },
  'sap-s4': {
    lacks: withRecords.filter((file) => file !== 'resources.ts'),
    why: 'a dialect of OData: its records are read and written by that connector',
  },
}

test.each(builtInConnectors.map(({ name }) => name))('%s has the files of every connector', (name) => {
  const missing = [...always, ...withRecords].filter((file) => !existsSync(path.join(root, name, file)))
  expect(missing).toEqual(exceptions[name]?.lacks ?? [])
})
