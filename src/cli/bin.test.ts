/**
 * The file that npm links as `isthmus`: it has to be readable for a Node.js that can read nothing else of the
 * package.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../../bin/isthmus.cjs', import.meta.url))

test.each(['8.17.0', '20.20.2', '23.9.0'])('Node.js %s is refused with one sentence', (version) => {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-bin-'))
  try {
    const pretend = join(directory, 'pretend.cjs')
    const versions = `{ ...process.versions, node: '${version}' }`
    writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
    const { status, stderr } = spawnSync(process.execPath, ['--require', pretend, bin, 'status'], {
      encoding: 'utf8',
    })
    expect(stderr).toBe(
      `isthmus needs Node.js 24 or newer, and this is ${version}: install it from https://nodejs.org, or for this folder alone with \`npm install node@24\`, which npx then uses.\n`,
    )
    expect(status).toBe(2)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('it is written in what the oldest Node.js can parse', () => {
  expect(readFileSync(bin, 'utf8')).not.toMatch(/=>|\bconst\b|\blet\b|\?\.|\?\?|import\(|\$\{/)
})
