import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls, { type SecureVersion } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from './client.ts'
import { NetworkError } from './errors.ts'

const here = { allowAddresses: ['loopback'] } as const
let directory = ''
let certificate: { key: string; cert: string }

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-tls-'))
  const key = join(directory, 'key.pem')
  const cert = join(directory, 'cert.pem')
  // Without openssl this fails, loudly: a machine that can't make a certificate can't show that a bad one is refused.
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
  ])
  certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function withServer(
  maxVersion: SecureVersion,
  use: (port: number, seen: () => number) => Promise<void>,
): Promise<void> {
  let requests = 0
  const options = { ...certificate, minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const
  const server = createServer(options, (_request, response) => {
    requests += 1
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use((server.address() as AddressInfo).port, () => requests)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function failureOf(client: ApiClient): Promise<unknown> {
  try {
    await client.get('/', { retries: 0 })
    return expect.fail('the call should have been refused')
  } catch (error) {
    return error
  } finally {
    await client.close()
  }
}

test('refuses a self-signed certificate, also when the environment turns verification off', async () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  await withServer('TLSv1.3', async (port, seen) => {
    for (const value of [undefined, '0']) {
      if (value !== undefined) process.env.NODE_TLS_REJECT_UNAUTHORIZED = value
      const error = await failureOf(new ApiClient({ ...here, baseUrl: `https://localhost:${port}` }))
      expect(error).toBeInstanceOf(NetworkError)
      expect(error).toMatchObject({ code: 'HTTP_TLS_REFUSED', outcome: 'not-sent', retry: 'never' })
      expect(String(error)).toContain('self-signed')
    }
    expect(seen()).toBe(0)
  }).finally(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
  })
})

test('trusts an authority that was added, for its own host name only', async () => {
  await withServer('TLSv1.3', async (port) => {
    const trusted = new ApiClient({ ...here, baseUrl: `https://localhost:${port}`, ca: certificate.cert })
    expect(await trusted.get('/')).toEqual({})
    await trusted.close()
    const elsewhere = new ApiClient({ ...here, baseUrl: `https://127.0.0.1:${port}`, ca: certificate.cert })
    expect(await failureOf(elsewhere)).toMatchObject({ systemCode: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})

test('refuses TLS below 1.2, also when the process allows it by its flags', async () => {
  const before = { ciphers: tls.DEFAULT_CIPHERS, minVersion: tls.DEFAULT_MIN_VERSION }
  // What --tls-min-v1.0 and --tls-cipher-list set: without them OpenSSL's own security level would refuse and hide our setting.
  tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0'
  tls.DEFAULT_MIN_VERSION = 'TLSv1'
  await withServer('TLSv1.1', async (port, seen) => {
    const error = await failureOf(
      new ApiClient({ ...here, baseUrl: `https://localhost:${port}`, ca: certificate.cert }),
    )
    expect(error).toMatchObject({ code: 'HTTP_TLS_REFUSED', outcome: 'not-sent' })
    expect(seen()).toBe(0)
  }).finally(() => {
    tls.DEFAULT_CIPHERS = before.ciphers
    tls.DEFAULT_MIN_VERSION = before.minVersion
  })
})
