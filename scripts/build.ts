/** Compiles `src` to `dist` (ESM and declarations; no source maps, since the package has no sources for them to show) and copies the files that are read at run time. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const dist = path.join(root, 'dist')
/** Folders whose files the package does not need. */
const left: ReadonlySet<string> = new Set(['fixtures', '__snapshots__', 'demo'])
/** What the compiler does not carry over: SQL, pages, manifests. */
const assets = /\.(sql|html|css|js|svg|ya?ml|json)$/

function copyAssets(from: string, to: string): number {
  let copied = 0
  for (const entry of readdirSync(from)) {
    const source = path.join(from, entry)
    const target = path.join(to, entry)
    if (statSync(source).isDirectory()) {
      if (!left.has(entry)) copied += copyAssets(source, target)
      continue
    }
    if (!assets.test(entry)) continue
    mkdirSync(to, { recursive: true })
    cpSync(source, target)
    copied++
  }
  return copied
}

rmSync(dist, { recursive: true, force: true })
const compiler = path.join(root, 'node_modules', 'typescript-7', 'bin', 'tsc')
const result = spawnSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
if (result.status !== 0) process.exit(result.status ?? 1)
const copied = copyAssets(path.join(root, 'src'), dist)
const main = path.join(dist, 'cli', 'main.js')
if (existsSync(main)) chmodSync(main, 0o755)
process.stdout.write(`built dist/ (${copied} files copied beside the compiled ones)\n`)
