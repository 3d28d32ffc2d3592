/**
 * Writes the files of a first definition: nothing is overwritten unasked, and what must not be committed is
 * kept out of the repository.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../model/errors.ts'
import type { WrittenFile } from './write-described.ts'

/** What a repository must not get: secrets, and the embedded database. */
const ignored = ['.env', '.isthmus/']

/**
 * Writes them. @returns their paths @throws UsageError CLI_USAGE when one is there and `force` is not given
 */
export function writeFiles(
  directory: string,
  files: readonly WrittenFile[],
  force: boolean,
): readonly string[] {
  const placed = files.map(({ name, text }) => ({ path: resolve(directory, name), text }))
  const there = placed.find(({ path }) => existsSync(path))
  if (there !== undefined && !force)
    throw new UsageError('CLI_USAGE', `${there.path} already exists; --force overwrites it`)
  for (const { path, text } of placed) writeFileSync(path, text)
  return [...placed.map(({ path }) => path), ...ignore(resolve(directory, '.gitignore'))]
}

/** Adds what is missing; a file that is there keeps its lines. */
function ignore(path: string): readonly string[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const lines = new Set(text.split(/\r?\n/).map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')))
  const missing = ignored.filter((name) => !lines.has(name.replace(/\/$/, '')))
  if (missing.length === 0) return []
  const start = text === '' || text.endsWith('\n') ? '' : '\n'
  appendFileSync(path, `${start}${missing.join('\n')}\n`)
  return [path]
}

/** Lines of `.env.example` that neither the environment nor `.env` gives a value. */
export function missingVariables(
  example: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return example.split('\n').filter((line) => {
    const name = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(line)?.[1]
    return name !== undefined && (environment[name] ?? '') === ''
  })
}
