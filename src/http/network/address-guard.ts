/**
 * Blocks requests to addresses that only this machine can reach (server-side request forgery).
 *
 * Checked when a connection is made and for every address a name resolves to, so that neither a name that
 * points to an inner address nor one that resolves differently the second time gets through. Numeric
 * addresses are checked separately: Node does not call the resolver for them.
 */
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { UsageError } from '../../model/errors.ts'
import { NetworkError } from '../errors.ts'
import { addressKind } from './special-addresses.ts'

/**
 * Addresses that may be called in addition to public ones: `loopback`, `private` (10/8, 172.16/12,
 * 192.168/16, 100.64/10, fc00::/7), a network (`10.1.0.0/16`) or one address.
 */
export type AllowedAddress = string

/** The error of a host that resolves to a refused address. */
function addressRefused(host: string, kind: string): NetworkError {
  const allow =
    kind === 'reserved' ? '' : `; if it is meant, allow it by allowAddresses: ["${kind}"] or its network`
  return new NetworkError(
    'HTTP_ADDRESS_REFUSED',
    `${host} leads to a ${kind} address, which is refused${allow}.`,
    { outcome: 'not-sent' },
  )
}

/** The error of a port that is not allowed. */
function portRefused(host: string, port: number): NetworkError {
  return new NetworkError(
    'HTTP_ADDRESS_REFUSED',
    `Port ${port} of ${host} is refused; if it is meant, allow it by allowPorts: [${port}].`,
    { outcome: 'not-sent' },
  )
}

/** Decides which addresses and ports may be called. */
export class AddressGuard {
  readonly #kinds: ReadonlySet<string>
  readonly #networks = new BlockList()
  readonly #resolve: LookupFunction
  readonly #ports: ReadonlySet<number> | undefined
  /** {@link AddressGuard.lookup} as a bound function, for sockets. */
  readonly lookup: LookupFunction

  /**
   * @param ports that may be called; undefined for all
   * @throws UsageError HTTP_OPTIONS_INVALID for an entry that is not a kind, network or address
   */
  constructor(
    allowed: readonly AllowedAddress[],
    resolve: LookupFunction = systemLookup,
    ports?: ReadonlySet<number>,
  ) {
    this.#ports = ports
    this.#kinds = new Set([
      'public',
      ...allowed.filter((entry) => entry === 'loopback' || entry === 'private'),
    ])
    for (const entry of allowed) if (!this.#kinds.has(entry)) addNetwork(this.#networks, entry)
    this.#resolve = resolve
    this.lookup = (hostname, options, callback) => this.#lookup(hostname, options, callback)
  }

  /**
   * Returns why a port, or a host written as an address, is refused; undefined when there is no reason yet.
   */
  refusalOf(hostname: string, port: number): NetworkError | undefined {
    if (this.#ports?.has(port) === false) return portRefused(hostname, port)
    const address = hostname.replace(/^\[|\]$/g, '')
    return isIP(address) === 0 ? undefined : this.#refusal(address, address)
  }

  #refusal(host: string, address: string): NetworkError | undefined {
    const kind = addressKind(address)
    if (this.#kinds.has(kind)) return undefined
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return this.#networks.check(address, family) ? undefined : addressRefused(host, kind)
  }

  /**
   * Resolves a name and refuses it when any of its addresses is refused: a mixed result is an attack or a
   * mistake.
   */
  #lookup(...[hostname, options, callback]: Parameters<LookupFunction>): void {
    this.#resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }]
      if (error !== null) return callback(error, '', 0)
      for (const { address } of addresses) {
        const refusal = this.#refusal(hostname, address)
        if (refusal !== undefined) return callback(refusal, '', 0)
      }
      const [first] = addresses
      if (options.all === true || first === undefined) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

/** True when each entry is a kind, network or address. */
export function addressKindsAllowed(entries: readonly string[]): boolean {
  try {
    new AddressGuard(entries)
    return true
  } catch {
    return false
  }
}

function addNetwork(networks: BlockList, entry: string): void {
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  const longest = family === 4 ? 32 : 128
  const bits = prefix === undefined ? longest : Number(prefix)
  if (family === 0 || rest.length > 0 || !Number.isInteger(bits) || bits < 1 || bits > longest) {
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      `allowAddresses contains ${JSON.stringify(entry)}: use "loopback", "private", an address or a network like 10.1.0.0/16.`,
    )
  }
  networks.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
}
