/**
 * The way of a new user: the package is packed and installed into an empty folder, and two APIs of different shape are joined with what `init`
 * proposes and its messages ask for: an ERP by offset pages, PUT and ETags, and a shop by cursor pages, PATCH and signed webhooks.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { installPackage } from '../support/installed-package.ts'
import { freePort } from '../support/isthmus-process.ts'
import { until } from '../support/running-pair.ts'
import { type ShapedApi, startShapedApi } from '../support/shaped-api/shaped-api.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-new-user-'))
const installed = path.join(folder, 'node_modules', 'isthmus')
const secret = `whsec_${Buffer.from('the secret of a shop, 32 letters').toString('base64')}`
let erp: ShapedApi
let shop: ShapedApi
let service: ChildProcess | undefined

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

beforeAll(async () => {
  await installPackage(folder)
  const person = (n: number) => ({
    fullName: `Person ${n}`,
    email: `p${n}@example.org`,
    phone: `030 ${1000 + n}`,
    city: n % 2 === 0 ? 'Bonn' : 'Köln',
  })
  const inShop = ({ fullName, email, phone, city }: ReturnType<typeof person>) => ({
    name: fullName,
    mail: email,
    phone_number: phone,
    town: city,
  })
  const people = Array.from({ length: 30 }, (_, n) => person(n))
  erp = await startShapedApi({
    collection: 'people',
    shape: 'offsets',
    paging: 'offset',
    update: 'PUT',
    etags: true,
    rows: people.slice(0, 22),
    login: { header: 'authorization', value: 'Bearer erp-token' },
  })
  shop = await startShapedApi({
    collection: 'contacts',
    shape: 'token',
    paging: 'cursor',
    update: 'PATCH',
    rows: people.slice(8).map(inShop),
    login: { header: 'x-api-key', value: 'shop-key' },
  })
})

afterAll(async () => {
  service?.kill('SIGKILL')
  await erp?.close()
  await shop?.close()
  rmSync(folder, { recursive: true, force: true })
})

const environment = { ...process.env, NO_COLOR: '1', COLUMNS: '200', DATABASE_URL: '' }

function start(args: readonly string[]): { readonly child: ChildProcess; text(): string } {
  const child = spawn(process.execPath, [path.join(installed, 'bin', 'isthmus.cjs'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  return { child, text: () => text }
}

/** A command, with everything it printed; one that does not end by itself fails. */
async function isthmus(...args: string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const { child, text } = start(args)
  const timer = setTimeout(() => child.kill('SIGKILL'), 180_000)
  await once(child, 'close')
  clearTimeout(timer)
  expect(child.signalCode, `isthmus ${args.join(' ')}\n${text()}`).toBeNull()
  return { code: child.exitCode, text: text() }
}

function edit(file: string, change: (text: string) => string): void {
  const name = path.join(folder, file)
  const before = readFileSync(name, 'utf8')
  const after = change(before)
  expect(after, `nothing was changed in ${file}`).not.toBe(before)
  writeFileSync(name, after)
}

/** E-mail, name, phone and town of everybody, of either system. */
function held(api: ShapedApi): readonly string[] {
  return [...api.rows.values()]
    .map((row) =>
      [
        row.email ?? row.mail,
        row.fullName ?? row.name,
        row.phone ?? row.phone_number,
        row.city ?? row.town,
      ].join(' | '),
    )
    .toSorted()
}

const idOf = (api: ShapedApi, email: string): string =>
  [...api.rows.values()].find((row) => row.email === email || row.mail === email)?.id ?? 'nobody'

test('two unknown APIs agree by the words of the commands alone, and a signed webhook brings an edit at once', async () => {
  writeFileSync(path.join(folder, '.env'), 'ERP_TOKEN=erp-token\nSHOP_KEY=shop-key\n')
  const init = await isthmus(
    ...['init', '--entity', 'customer', '--system', `erp=${erp.url}/people`, '--token', 'erp=ERP_TOKEN'],
    ...['--system', `shop=${shop.url}/contacts`, '--api-key', 'shop=x-api-key:SHOP_KEY'],
  )
  expect(init.code, init.text).toBe(0)
  expect(init.text).toContain('put these lines into .env')
  const lines = /put these lines into \.env.*:\n((?: {2}\w+=.*\n)+)/.exec(init.text)?.[1] ?? ''
  writeFileSync(
    path.join(folder, '.env'),
    `ERP_TOKEN=erp-token\nSHOP_KEY=shop-key\nSHOP_HOOK_SECRET=${secret}\n${lines.replaceAll(/^ +/gm, '')}`,
  )

  const first = await isthmus('check')
  expect(first.text).not.toMatch(/^ +error/m)
  expect(first.text).toMatch(/customer in shop: list\s+by\s+pages\s+that\s+can\s+skip\s+records/)
  const loaded = await isthmus('sync', '--wait')
  expect(loaded.code, loaded.text).toBe(0)
  expect(loaded.text).toMatch(/done in/)
  expect(loaded.text, 'what is known of a list beforehand is no warning').not.toContain('"level":40')
  expect(held(erp)).toEqual(held(shop))
  expect(held(erp)).toHaveLength(30)

  // The API requires If-Match, which init only says in words: the failure says what to declare.
  shop.edit(idOf(shop, 'p9@example.org'), { town: 'Paris' })
  const refused = await isthmus('sync', '--wait')
  expect(refused.code, refused.text).toBe(2)
  expect(refused.text).toContain('→ isthmus failures list')
  expect((await isthmus('failures', 'list', '--json')).text).toContain(
    'declare the version of the resource and ifMatch',
  )
  edit('isthmus.yaml', (text) =>
    text
      .replace('header: etag\n', "header: etag\n            ifMatch: '{version}'\n")
      .replace(/( +)# without conditional writes.*\n +acceptRaceWindow: true\n/, ''),
  )
  expect((await isthmus('check')).text).toMatch(/customer in erp: [^:]*writes\s+with\s+a\s+precondition/)
  expect((await isthmus('failures', 'retry', '--all')).code).toBe(0)
  expect((await isthmus('sync', '--wait')).code).toBe(0)
  expect(held(erp)).toEqual(held(shop))

  edit('isthmus.yaml', (text) =>
    text
      .replace(/( +)(url: \$\{env:SHOP_URL\}\n)/, `$1$2$1webhooks: { secret: "\${env:SHOP_HOOK_SECRET}" }\n`)
      .replace(
        /( +)manifest:\n( +)resources:\n( +)contacts:/,
        '$1manifest:\n$2webhooks:\n$2  scheme: { kind: standard }\n$2  resource: { path: type, before: . }\n$2  id: data.id\n$2  deleted: { path: type, endsWith: .deleted }\n$2resources:\n$3contacts:',
      )
      .replace(
        /( +)shop:\n( +)resource: contacts\n([\s\S]*?)- poll: 1m/,
        '$1shop:\n$2resource: contacts\n$3- webhook: changes\n          - poll: 1h',
      )
      .replace('- poll: 1m', '- poll: 2s'),
  )
  const checked = await isthmus('check')
  expect(checked.text).not.toMatch(/^ +error/m)
  const port = await freePort()
  const { child, text } = start(['start', '--port', String(port)])
  service = child
  await until(() => text().includes(`http://127.0.0.1:${port}/hooks/`) || text(), 120_000)
  shop.sendWebhooks(`http://127.0.0.1:${port}/hooks/shop`, secret)
  shop.edit(idOf(shop, 'p3@example.org'), { town: 'Rome' })
  erp.edit(idOf(erp, 'p4@example.org'), { phone: '030 7777' })
  await until(() => JSON.stringify(held(erp)) === JSON.stringify(held(shop)) || text(), 120_000)
  expect(held(erp).join('\n')).toMatch(/p3@example\.org .*Rome\n.*030 7777/)
  await until(async () => {
    const status = await isthmus('status')
    return /30 records in agreement/.test(status.text) || status.text
  })
  child.kill('SIGTERM')
  await once(child, 'close')
  expect(child.exitCode, text()).toBe(0)
})
