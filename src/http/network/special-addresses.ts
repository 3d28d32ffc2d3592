/**
 * Addresses that are reachable only from this machine or its network, including its cloud's metadata service.
 * A URL that others may influence must never lead there.
 */
import { BlockList, isIP } from 'node:net'

/** Why an address is refused: the value that `allowAddresses` would have to contain. */
export type AddressKind = 'public' | 'loopback' | 'private' | 'reserved'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const privateNetworks = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv4')
}
privateNetworks.addSubnet('fc00::', 7, 'ipv6')

/**
 * Link-local (cloud metadata is there), multicast, documentation, benchmarks, "this network": no API uses
 * these.
 */
const reserved = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  reserved.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 128],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  reserved.addSubnet(network, prefix, 'ipv6')
}

/** Bytes of the IPv6 forms that contain an IPv4 address: prefix in hex and the position of the address. */
const carriers = [
  { name: 'IPv4-mapped', prefix: '00000000000000000000ffff', at: 12 },
  { name: 'IPv4-compatible', prefix: '000000000000000000000000', at: 12 },
  { name: 'IPv4-translated', prefix: '0000000000000000ffff0000', at: 12 },
  { name: 'NAT64', prefix: '0064ff9b0000000000000000', at: 12 },
  { name: 'NAT64, local', prefix: '0064ff9b0001', at: 12 },
  { name: '6to4', prefix: '2002', at: 2 },
] as const

/**
 * Returns the kind of an address; anything that is not an IP address is reserved. An embedded IPv4 address
 * decides.
 */
export function addressKind(address: string): AddressKind {
  const plain = address.split('%', 1)[0] ?? address
  const family = isIP(plain)
  if (family === 0) return 'reserved'
  if (family === 4) return kindWithin(plain, 'ipv4')
  if (loopback.check(plain, 'ipv6')) return 'loopback'
  const carried = carriedAddress(plain)
  return carried === undefined ? kindWithin(plain, 'ipv6') : kindWithin(carried, 'ipv4')
}

function kindWithin(address: string, family: 'ipv4' | 'ipv6'): AddressKind {
  if (loopback.check(address, family)) return 'loopback'
  if (privateNetworks.check(address, family)) return 'private'
  return reserved.check(address, family) ? 'reserved' : 'public'
}

function carriedAddress(address: string): string | undefined {
  const bytes = ipv6Bytes(address)
  if (bytes.every((byte) => byte === 0)) return undefined
  const hex = bytes.toString('hex')
  const carrier = carriers.find(({ prefix }) => hex.startsWith(prefix))
  return carrier === undefined ? undefined : bytes.subarray(carrier.at, carrier.at + 4).join('.')
}

/** Expects a valid address. */
function ipv6Bytes(address: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null
      ? address
      : `${dotted[1]}${hexPair(dotted[2], dotted[3])}:${hexPair(dotted[4], dotted[5])}`
  const [head = '', tail] = text.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function hexPair(high: string | undefined, low: string | undefined): string {
  return ((Number(high) << 8) | Number(low)).toString(16)
}
