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

test('every folder of the sources has a README of ten lines at most', () => {
  const folders = readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .filter((folder) => !/fixtures|__snapshots__/.test(folder))
  const lines = (folder: string): number => {
    const page = path.join(folder, 'README.md')
    return existsSync(page) ? readFileSync(page, 'utf8').trimEnd().split('\n').length : 0
  }
  const unlike = folders.filter((folder) => lines(folder) === 0 || lines(folder) > 10)
  expect(unlike.map((folder) => path.relative(root, folder))).toEqual([])
})
