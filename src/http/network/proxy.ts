/**
 * Calls through an HTTP proxy, for networks without direct access.
 *
 * Who checks an address in this case: every target behind the proxy is reached through a tunnel (`CONNECT`),
 * so the proxy sees the host and port, and neither credentials nor data; the target's certificate is checked
 * here as always. Names are resolved by the proxy, so its rules decide which inner hosts a name may resolve
 * to; targets written as an address, and ports, are still checked here. The proxy's own address is not
 * checked: it is configured deliberately, and usually private. Loopback, and the hosts in `noProxy`, are
 * called directly, with all checks of the address guard. Environment variables are not read.
 */
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import { UsageError } from '../../model/errors.ts'
import { isLoopback } from '../loopback.ts'

/** User name and password for the proxy itself (basic). */
export interface ProxyCredentials {
  /** User name; no colon. */
  readonly username: string
  /** Password. */
  readonly password: string
}

/** A proxy, and the hosts that bypass it. */
export interface ProxyOptions {
  /** `http://proxy.example:3128`, or `https://` for an encrypted connection to the proxy. */
  readonly url: string
  /** For a proxy that requires authentication (basic). @default none */
  readonly auth?: ProxyCredentials
  /**
   * Hosts that are called directly: a name (its subdomains as well), `.name`, an address, a network such as
   * `10.0.0.0/8`, each but a network with an optional `:port`, or `*` for all. The contents of `NO_PROXY`, as
   * a list. @default none; loopback always
   */
  readonly noProxy?: readonly string[]
}

/** Options of the sockets that go through a proxy. */
export interface ProxySockets {
  readonly connections: number
  readonly connectMs: number
  readonly secureContext: SecureContext
  /** Resolves the proxy's own name. */
  readonly lookup: LookupFunction | undefined
}

const tls = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const

/** Creates the dispatcher for all targets behind the proxy. @throws UsageError HTTP_OPTIONS_INVALID */
export function proxyDispatcher(options: ProxyOptions, sockets: ProxySockets): Dispatcher {
  const { connectMs, secureContext, connections, lookup } = sockets
  const url = URL.parse(options.url)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalid('proxy.url has to be an http:// or https:// address.')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('proxy.url contains a user name or password: give them as proxy.auth.')
  }
  return new ProxyAgent({
    uri: url.href,
    ...(options.auth === undefined ? {} : { token: basicToken(options.auth) }),
    // Also for plain HTTP, which only a test's loopback target uses: the proxy can't read the traffic.
    proxyTunnel: true,
    connections,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: 32 * 1024,
    requestTls: { ...tls, timeout: connectMs, secureContext },
    proxyTls: { ...tls, timeout: connectMs, secureContext, ...(lookup === undefined ? {} : { lookup }) },
    // A proxy that accepts the connection and then does not respond.
    clientFactory: (origin, given) => new Pool(origin, { ...given, headersTimeout: connectMs }),
  })
}

/**
 * Creates the check for hosts that are called directly. @throws UsageError HTTP_OPTIONS_INVALID for an entry
 * that can't be read
 */
export function directHosts(noProxy: readonly string[] = []): (hostname: string, port: number) => boolean {
  const rules = noProxy.map(ruleOf)
  return (hostname, port) => {
    const host = hostname
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase()
    return isLoopback(hostname) || rules.some((rule) => rule(host, port))
  }
}

type Rule = (host: string, port: number) => boolean

function ruleOf(entry: string): Rule {
  const text = entry.trim().toLowerCase()
  if (text === '*') return () => true
  if (text.includes('/')) return networkRule(text)
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:]+|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*))(?::(\d{1,5}))?$/.exec(
    text,
  )
  const name = (parts?.[1] ?? parts?.[2] ?? '').replace(/^\*?\./, '').replace(/\.$/, '')
  if (name === '')
    throw invalid(
      `proxy.noProxy contains ${JSON.stringify(entry)}: use a name, an address, a network or "*".`,
    )
  const wanted = parts?.[3] === undefined ? undefined : Number(parts[3])
  return (host, port) =>
    (wanted === undefined || wanted === port) &&
    (host === name || (isIP(name) === 0 && host.endsWith(`.${name}`)))
}

function networkRule(text: string): Rule {
  const [address = '', bits = ''] = text.split('/')
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 'ipv4' ? 32 : 128)) {
    throw invalid(
      `proxy.noProxy contains the unusable network ${JSON.stringify(text)}: use one like 10.0.0.0/8.`,
    )
  }
  list.addSubnet(address, Number(bits), family)
  return (host) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

function basicToken({ username, password }: NonNullable<ProxyOptions['auth']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`
}

function invalid(message: string): UsageError {
  return new UsageError('HTTP_OPTIONS_INVALID', message)
}
