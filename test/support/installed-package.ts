/** The package as users get it: built, packed, and unpacked into a folder, from which it is imported and run by its name. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'

const root = path.resolve(import.meta.dirname, '..', '..')
const lock = path.join(
  tmpdir(),
  `isthmus-packing-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`,
)
const lockLifeMs = 240_000

/** Runs a program to its end, which has to be a success. */
export function runToEnd(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 })
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

/** Installs it below a folder, and returns where. Its dependencies are those of the repository, since tests must not depend on a network. */
export async function installPackage(folder: string): Promise<string> {
  const installed = path.join(folder, 'node_modules', 'isthmus')
  await takeLock()
  try {
    runToEnd(process.execPath, [path.join(root, 'scripts', 'build.ts')], root)
    const pack = ['pack', '--ignore-scripts', '--pack-destination', folder]
    const packed = runToEnd('npm', pack, root).trim().split('\n').at(-1) ?? ''
    mkdirSync(installed, { recursive: true })
    runToEnd('tar', ['-xzf', path.join(folder, packed), '-C', installed, '--strip-components=1'], folder)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(installed, 'node_modules'))
  return installed
}

/** One build at a time: all of them write to the same folder. */
async function takeLock(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(lock)
      return
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
      if (since !== undefined && Date.now() - since > lockLifeMs)
        rmSync(lock, { recursive: true, force: true })
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
