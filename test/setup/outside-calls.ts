/**
 * Keeps tests from reaching beyond this machine: a connection to any other address than a loopback one is refused, and so is the resolution of a name.
 * Refusals are kept as well, because the code under test may expect a failed connection and continue.
 */
import dns, { type LookupAddress } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net, { BlockList, isIP, type LookupFunction } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')
// A server that listens on all addresses names these two as its own.
loopback.addAddress('0.0.0.0')
loopback.addAddress('::', 'ipv6')

/** True for addresses of this machine, and for names that need no resolver: those under `.invalid` never exist (RFC 6761). */
export function isLocal(host: string): boolean {
  const name = host.replace(/^\[|[\].]$/g, '').toLowerCase()
  const family = isIP(name)
  if (family !== 0) return loopback.check(name, family === 6 ? 'ipv6' : 'ipv4')
  return name === '' || name === 'localhost' || /\.(localhost|invalid)$/.test(name)
}

export interface OutsideCalls {
  /** Hosts and addresses that were refused so far. */
  readonly refused: readonly string[]
  /** Removes the guard. */
  remove(): void
}

type Answer = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/** Refusals of the guard that is installed in this process. */
let refusals: string[] = []

/** For a test that means a call to leave this machine: takes its refusals off the list. Returns whether the guard has refused the host. */
export function takeRefusal(host: string): boolean {
  const isRefused = refusals.includes(host)
  for (let at = refusals.indexOf(host); at >= 0; at = refusals.indexOf(host)) refusals.splice(at, 1)
  return isRefused
}

/** Installs the guard in this process. */
export function refuseOutsideCalls(): OutsideCalls {
  const refused: string[] = []
  refusals = refused
  const refuse = (host: string): NodeJS.ErrnoException => {
    refused.push(host)
    return Object.assign(new TypeError(`${host} is not on this machine, and tests call no others`), {
      code: 'ENOTFOUND',
    })
  }
  /** Resolves with `resolve`, and refuses what leads outside. */
  const checking = (resolve: LookupFunction): LookupFunction => {
    return (host, options, answer: Answer) =>
      resolve(host, options, (error, address, family) => {
        const addresses = Array.isArray(address) ? address.map((one) => one.address) : [address]
        const outside = error === null ? addresses.find((one) => !isLocal(one)) : undefined
        if (outside === undefined) answer(error, address, family)
        else answer(refuse(outside), '')
      })
  }
  const { connect } = net.Socket.prototype
  const { lookup } = dns
  net.Socket.prototype.connect = function guardedConnect(this: net.Socket, ...args: unknown[]) {
    const target = targetOf(args)
    if (isIP(target.host) !== 0 && !isLocal(target.host)) {
      const error = refuse(target.host)
      process.nextTick(() => this.destroy(error))
      return this
    }
    if (target.options?.lookup !== undefined) target.options.lookup = checking(target.options.lookup)
    return Reflect.apply(connect, this, args)
  }
  const guardedLookup = (host: string, ...rest: unknown[]): unknown => {
    if (isIP(host) !== 0 || isLocal(host)) return Reflect.apply(lookup, dns, [host, ...rest])
    const answer = rest.at(-1)
    const error = refuse(host)
    if (typeof answer === 'function') process.nextTick(() => answer(error))
    return {}
  }
  dns.lookup = Object.assign(guardedLookup, { __promisify__: lookup.__promisify__ }) as typeof dns.lookup
  syncBuiltinESMExports()
  return {
    refused,
    remove() {
      net.Socket.prototype.connect = connect
      dns.lookup = lookup
      syncBuiltinESMExports()
    },
  }
}

interface Target {
  readonly host: string
  readonly options?: { lookup?: LookupFunction }
}

/** What `connect` was given: options, a port and a host, a path, or the list that `net.connect` has made of them. */
function targetOf(args: readonly unknown[]): Target {
  const given = Array.isArray(args[0]) ? args[0] : args
  const [first, second] = given
  if (typeof first === 'object' && first !== null) {
    const host = 'host' in first && typeof first.host === 'string' ? first.host : ''
    return { host, options: first }
  }
  return { host: typeof first !== 'string' && typeof second === 'string' ? second : '' }
}
