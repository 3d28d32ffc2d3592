import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from './client.ts'
import { NetworkError } from './errors.ts'
import type { ApiClientOptions } from './options.ts'

interface Certificate {
  readonly key: string
  readonly cert: string
}

let directory = ''
let authority: Certificate
let good: Certificate
const file = (name: string): string => join(directory, name)

function openssl(...parameters: readonly string[]): void {
  // Without openssl this fails explicitly: a machine that can't create a certificate can't show that a bad
  // one is refused.
  execFileSync('openssl', [...parameters], { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] })
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const

function read(name: string): Certificate {
  return { key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.pem`), 'utf8') }
}

function selfSigned(name: string, subject: string): Certificate {
  openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '2',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    ...['-subj', `/CN=${subject}`],
    '-addext',
    `subjectAltName=DNS:${subject}`,
  )
  return read(name)
}

/** A certificate signed by the authority, valid from and to the given number of days from now. */
function signed(
  name: string,
  options: { readonly host?: string; readonly from?: number; readonly to?: number } = {},
): Certificate {
  const { host = 'localhost', from = -1, to = 2 } = options
  openssl('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`)
  writeFileSync(file(`${name}.ext`), `subjectAltName=DNS:${host}\nextendedKeyUsage=serverAuth,clientAuth\n`)
  writeFileSync(file('index.txt'), '')
  writeFileSync(
    file('ca.conf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\npolicy=any\ndefault_md=sha256\nunique_subject=no\n[any]\ncommonName=supplied\n',
  )
  const at = (days: number): string =>
    `${new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-config',
    'ca.conf',
    '-cert',
    'ca.pem',
    '-keyfile',
    'ca.key',
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.pem`,
    '-extfile',
    `${name}.ext`,
    '-startdate',
    at(from),
    '-enddate',
    at(to),
  )
  return read(name)
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-tls-'))
  openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '30',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Test Authority',
  )
  authority = read('ca')
  good = signed('good')
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Running {
  readonly port: number
  /** Requests that completed the handshake. */
  readonly requests: () => number
  readonly peers: string[]
}

async function withServer(options: ServerOptions, use: (server: Running) => Promise<void>): Promise<void> {
  let requests = 0
  const peers: string[] = []
  const server = createServer(
    { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', ...options },
    (request, response) => {
      requests += 1
      const socket = request.socket as TLSSocket
      peers.push(String(socket.getPeerCertificate().subject?.CN))
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    },
  )
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use({ port: (server.address() as AddressInfo).port, requests: () => requests, peers })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** The outcome of one call: `answered`, or the error's code and the system's. */
async function attempt(options: ApiClientOptions): Promise<string> {
  const client = new ApiClient({ allowAddresses: ['loopback'], retry: { retries: 0 }, ...options })
  try {
    await client.get('/')
    return 'answered'
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ outcome: 'not-sent' })
    return error instanceof NetworkError ? `${error.code} ${error.systemCode}` : 'another error'
  } finally {
    await client.close()
  }
}

const run = promisify(execFile)
const clientFile = new URL('./client.ts', import.meta.url).pathname

/** The same call in a process whose environment tries to weaken TLS. */
async function attemptIn(
  environment: Readonly<Record<string, string>>,
  options: ApiClientOptions,
): Promise<string> {
  const script = `
    import { ApiClient } from ${JSON.stringify(clientFile)}
    const client = new ApiClient({ allowAddresses: ['loopback'], retry: { retries: 0 }, ...${JSON.stringify(options)} })
    try {
      await client.get('/')
      process.stdout.write('answered')
    } catch (error) {
      process.stdout.write(error.code + ' ' + error.systemCode)
    }
    await client.close()`
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module-typescript', '--no-warnings', '--eval', script],
    {
      env: { PATH: process.env.PATH ?? '', ...environment },
      timeout: 170_000,
    },
  )
  return stdout
}

const weakening = [
  {},
  { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  { NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0' },
  { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0' },
] as const

const cases: readonly (readonly [string, () => ServerOptions, RegExp])[] = [
  ['self-signed', () => selfSigned('self', 'localhost'), /SIGNED_CERT/],
  ['expired', () => signed('expired', { from: -3, to: -1 }), /CERT_HAS_EXPIRED/],
  ['not yet valid', () => signed('future', { from: 1, to: 3 }), /CERT_NOT_YET_VALID/],
  ['for another host', () => signed('other', { host: 'other.example' }), /ERR_TLS_CERT_ALTNAME_INVALID/],
  ['TLS 1.1 only', () => ({ ...good, maxVersion: 'TLSv1.1' }), /ERR_SSL|EPROTO|ECONNRESET|UND_ERR_SOCKET/],
  ['TLS 1.0 only', () => ({ ...good, maxVersion: 'TLSv1' }), /ERR_SSL|EPROTO|ECONNRESET|UND_ERR_SOCKET/],
]

test.each(cases)(
  'refuses a server that is %s, whatever the environment says',
  async (_name, server, reason) => {
    await withServer(server(), async ({ port, requests }) => {
      const options = { baseUrl: `https://localhost:${port}`, ca: authority.cert }
      expect(await attempt(options)).toMatch(reason)
      for (const environment of weakening) {
        const result = await attemptIn(environment, options)
        expect(result, JSON.stringify(environment)).toMatch(reason)
        expect(result).toContain('HTTP_TLS_REFUSED')
      }
      expect(requests()).toBe(0)
    })
  },
  60_000,
)

test('trusts an authority that was added, in every environment, for TLS 1.2 and 1.3', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await withServer({ ...good, maxVersion }, async ({ port }) => {
      const baseUrl = `https://localhost:${port}`
      expect(await attempt({ baseUrl, ca: authority.cert })).toBe('answered')
      expect(await attempt({ baseUrl, ca: ['', authority.cert].filter((pem) => pem !== '') })).toBe(
        'answered',
      )
      expect(await attempt({ baseUrl })).toContain('HTTP_TLS_REFUSED')
      expect(await attemptIn({}, { baseUrl, ca: authority.cert })).toBe('answered')
    })
  }
})

test('says in words what is wrong with a certificate', async () => {
  await withServer(selfSigned('words', 'localhost'), async ({ port }) => {
    const client = new ApiClient({ baseUrl: `https://localhost:${port}`, allowAddresses: ['loopback'] })
    await expect(client.get('/', { retries: 0 })).rejects.toThrow(/self-signed/)
    await client.close()
  })
})

test('mutual TLS: absent, the server refuses; present, it knows who calls', async () => {
  const own = signed('client', { host: 'integration-7' })
  const server: ServerOptions = { ...good, requestCert: true, rejectUnauthorized: true, ca: authority.cert }
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    await withServer({ ...server, maxVersion }, async ({ port, requests, peers }) => {
      const options = { baseUrl: `https://localhost:${port}`, ca: authority.cert, retry: { retries: 0 } }
      const client = new ApiClient({ ...options, allowAddresses: ['loopback'] })
      // With TLS 1.3 the refusal arrives after the client's handshake, so it may have sent the request
      // already.
      const refusal = client.get('/', { retries: 3 })
      await expect(refusal).rejects.toBeInstanceOf(NetworkError)
      await expect(refusal).rejects.toMatchObject({
        code: 'HTTP_TLS_REFUSED',
        retry: 'never',
        outcome: 'not-sent',
        message: expect.stringContaining('clientCertificate'),
      })
      await client.close()
      expect(requests()).toBe(0)
      expect(await attempt({ ...options, clientCertificate: { certificate: own.cert, key: own.key } })).toBe(
        'answered',
      )
      expect(peers).toEqual(['integration-7'])
      const stranger = selfSigned('stranger', 'integration-7')
      const wrong = new ApiClient({
        ...options,
        allowAddresses: ['loopback'],
        clientCertificate: { certificate: stranger.cert, key: stranger.key },
      })
      await expect(wrong.get('/')).rejects.toBeInstanceOf(NetworkError)
      await wrong.close()
      expect(requests()).toBe(1)
    })
  }
})
