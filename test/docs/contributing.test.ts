import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..', '..')

/** Maximum number of files in the walkthrough, so that it can be read in an afternoon. */
const filesMax = 40

function filesNamedIn(page: string): readonly string[] {
  const text = readFileSync(path.join(root, page), 'utf8')
  return [...text.matchAll(/`((?:src|test|scripts)\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file)
}

test('the walkthrough from a webhook to its outcome names files that exist, and not too many', () => {
  const files = new Set(filesNamedIn('docs/contributing/one-webhook.md'))
  expect([...files].filter((file) => !existsSync(path.join(root, file)))).toEqual([])
  expect(files.size).toBeGreaterThan(10)
  expect(files.size).toBeLessThanOrEqual(filesMax)
})

test('the map names files that exist', () => {
  const missing = filesNamedIn('docs/contributing/README.md').filter(
    (file) => !existsSync(path.join(root, file)),
  )
  expect(missing).toEqual([])
})

test('every layer of the sources has a short description', () => {
  const layers = readdirSync(path.join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  const missing = layers.filter(({ name }) => !existsSync(path.join(root, 'src', name, 'README.md')))
  expect(missing.map(({ name }) => name)).toEqual([])
})
