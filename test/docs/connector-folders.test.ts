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

/** Connectors of one protocol have its files in the kit. */
const protocols: Readonly<Record<string, string>> = { odata: 'kit/odata', 'sap-s4': 'kit/odata' }

/** Connectors that lack some of them, and why. */
const exceptions: Readonly<Record<string, { readonly lacks: readonly string[]; readonly why: string }>> = {
  'google-maps': { lacks: withRecords, why: 'it provides lookups and has no records' },
}

test.each(builtInConnectors.map(({ name }) => name))('%s has the files of every connector', (name) => {
  const protocol = protocols[name]
  const places = (file: string) =>
    (protocol === undefined ? [name] : [name, protocol]).map((folder) => path.join(root, folder, file))
  const missing = [...always, ...withRecords].filter(
    (file) => !places(file).some((place) => existsSync(place)),
  )
  expect(missing).toEqual(exceptions[name]?.lacks ?? [])
})
