/** The ports that a client may call. */
import type { BaseUrl } from '../address.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { AuthOptions } from '../auth/options.ts'
import { assertWithin } from '../bounds.ts'

/** The options of a client that name ports: see `ApiClientOptions`. */
interface NamedPorts {
  readonly allowPorts?: readonly number[]
  readonly allowHttp?: boolean
  readonly auth?: AuthOptions | Authenticator
}

/**
 * The ports that are allowed implicitly: those in the options themselves. In development on one machine all
 * of them.
 */
export function portsFrom(options: NamedPorts, base: BaseUrl): ReadonlySet<number> | undefined {
  const { allowPorts, auth } = options
  if (allowPorts === undefined && options.allowHttp === true) return undefined
  for (const port of allowPorts ?? []) assertWithin('allowPorts', port, 1, 65_535)
  const tokenUrl = auth !== undefined && 'tokenUrl' in auth ? URL.parse(auth.tokenUrl) : null
  const named = [new URL(base.origin), ...(tokenUrl === null ? [] : [tokenUrl])]
  const own = named.map(({ port, protocol }) => Number(port || (protocol === 'https:' ? 443 : 80)))
  return new Set([...own, ...(allowPorts ?? [443])])
}
