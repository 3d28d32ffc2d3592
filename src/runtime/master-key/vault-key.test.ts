import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { vaultMasterKey } from './vault-key.ts'

/** The two calls of Vault's Transit engine: keys stay in the server, and texts are `vault:v1:` and base64. */
class FakeVault {
  readonly seen: { url: string | undefined; token: unknown; namespace: unknown }[] = []
  fails = 0
  readonly #key = randomBytes(32)
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request).then(
        ([status, body]) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        () => response.destroy(),
      )
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(request: IncomingMessage): Promise<[number, unknown]> {
    const body = (await json(request)) as Record<string, string>
    const { 'x-vault-token': token, 'x-vault-namespace': namespace } = request.headers
    this.seen.push({ url: request.url, token, namespace })
    if (this.fails > 0) {
      this.fails -= 1
      return [503, { errors: ['Vault is sealed'] }]
    }
    if (token !== 'good') return [403, { errors: ['permission denied'] }]
    if (request.url === '/v1/kv/transit/encrypt/isthmus') {
      const cipher = createCipheriv('aes-256-ecb', this.#key, null)
      const bytes = Buffer.concat([cipher.update(body.plaintext ?? '', 'base64'), cipher.final()])
      return [200, { data: { ciphertext: `vault:v1:${bytes.toString('base64')}` } }]
    }
    if (request.url === '/v1/kv/transit/decrypt/isthmus') {
      const decipher = createDecipheriv('aes-256-ecb', this.#key, null)
      const sealed = Buffer.from((body.ciphertext ?? '').replace('vault:v1:', ''), 'base64')
      return [
        200,
        {
          data: { plaintext: Buffer.concat([decipher.update(sealed), decipher.final()]).toString('base64') },
        },
      ]
    }
    return [404, { errors: [] }]
  }
}

let vault: FakeVault
let address: string

beforeEach(async () => {
  vault = new FakeVault()
  address = await vault.listen()
})
afterEach(() => vault.close())

test('wraps and unwraps with a key that stays in Vault, and repeats what Vault could not do just then', async () => {
  const master = vaultMasterKey({ address, token: 'good', namespace: 'team', key: 'kv/transit/isthmus' })
  const key = randomBytes(32)
  vault.fails = 1
  const wrapped = await master.wrap(key)
  expect(Buffer.from(wrapped).toString()).toMatch(/^vault:v1:/)
  expect(await master.unwrap(wrapped)).toEqual(new Uint8Array(key))
  expect(master.id).toBe('vault:kv/transit/isthmus')
  expect(vault.seen.at(-1)).toEqual({
    url: '/v1/kv/transit/decrypt/isthmus',
    token: 'good',
    namespace: 'team',
  })
})

test('a refusal says which key and why, and nothing of the token', async () => {
  const master = vaultMasterKey({ address, token: 'bad-hunter2', key: 'kv/transit/isthmus' })
  const error = await master.wrap(randomBytes(32)).catch((problem: unknown) => problem)
  expect(error).toMatchObject({
    code: 'STORE_KEY_UNAVAILABLE',
    message: expect.stringContaining('kv/transit/isthmus'),
  })
  expect(String(error)).not.toContain('hunter2')
  const missing = vaultMasterKey({ address, token: 'good', key: 'nowhere/isthmus' })
  await expect(missing.wrap(randomBytes(32))).rejects.toMatchObject({ code: 'STORE_KEY_UNAVAILABLE' })
})
