/**
 * A master key that never leaves the Transit engine of HashiCorp Vault or OpenBao. See
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
import { randomUUID } from 'node:crypto'
import { ApiClient } from '../../http/client.ts'
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { MasterKey } from '../../store/sealing/master-key.ts'

/** Options of a key in Vault. */
export interface VaultKeyOptions {
  /** Address of the server, such as `https://vault.example.com:8200`. */
  readonly address: string
  /** Token with a policy that allows `update` on `encrypt` and `decrypt` of the key. */
  readonly token: string
  /** Namespace of Vault Enterprise or OpenBao. @default the root namespace */
  readonly namespace?: string
  /** Mount and name of the key, such as `transit/isthmus`. */
  readonly key: string
}

const timeoutMs = 10_000

/** Creates the master key. Nothing is called until a key is wrapped or unwrapped. */
export function vaultMasterKey(options: VaultKeyOptions): MasterKey {
  const { key } = options
  const path = pathOf(key)
  return {
    id: `vault:${key}`,
    source: `Vault key ${key}`,
    wrap: async (plain) => {
      const body = { plaintext: Buffer.from(plain).toString('base64') }
      return Buffer.from(await call(options, path('encrypt'), body, 'ciphertext'), 'utf8')
    },
    unwrap: async (wrapped) => {
      const body = { ciphertext: Buffer.from(wrapped).toString('utf8') }
      return new Uint8Array(Buffer.from(await call(options, path('decrypt'), body, 'plaintext'), 'base64'))
    },
  }
}

/** Returns a text of the response. Neither call changes anything in Vault, so both may be repeated. */
async function call(
  { address, token, namespace, key }: VaultKeyOptions,
  target: string,
  body: Readonly<Record<string, string>>,
  member: 'ciphertext' | 'plaintext',
): Promise<string> {
  const client = new ApiClient({
    baseUrl: address,
    allowHttp: true,
    allowAddresses: ['private'],
    auth: { type: 'api-key', header: 'x-vault-token', value: token },
    headers: namespace === undefined ? {} : { 'x-vault-namespace': namespace },
    timeouts: { totalMs: timeoutMs },
  })
  try {
    const response = await client.post(target, { json: body, idempotencyKey: randomUUID() })
    const text = textIn(response, member)
    if (text === undefined) throw unavailable(key, `its response has no text "data.${member}"`)
    return text
  } catch (error) {
    if (isIsthmusError(error) && error.code === 'STORE_KEY_UNAVAILABLE') throw error
    throw unavailable(key, error instanceof Error ? error.message : String(error), error)
  } finally {
    await client.close()
  }
}

function unavailable(key: string, why: string, cause?: unknown): IsthmusError {
  return new IsthmusError('STORE_KEY_UNAVAILABLE', `Vault key ${key} can't be used: ${why}`, { cause })
}

function textIn(response: unknown, member: string): string | undefined {
  const data = partOf(response, 'data')
  const text = partOf(data, member)
  return typeof text === 'string' && text !== '' ? text : undefined
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** The last part is the name of the key, what precedes it is the mount. */
function pathOf(key: string): (action: 'encrypt' | 'decrypt') => string {
  const parts = key.split('/').map(encodeURIComponent)
  const name = parts.at(-1) ?? key
  const mount = parts.length > 1 ? parts.slice(0, -1).join('/') : 'transit'
  return (action) => `/v1/${mount}/${action}/${name}`
}
