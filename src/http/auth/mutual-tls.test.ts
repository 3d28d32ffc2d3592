import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { ApiClient } from '../client.ts'

interface Identity {
  readonly certificate: string
  readonly key: string
}

function selfSigned(folder: string, name: string): Identity {
  const [key, certificate] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)]
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  execFileSync('openssl', [...kind, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}

test('a client certificate gets the token (RFC 8705) and goes along with every call', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-mtls-'))
  const [api, own] = [selfSigned(folder, 'api'), selfSigned(folder, 'own')]
  rmSync(folder, { recursive: true })
  const seen: string[] = []
  const server = createServer(
    {
      cert: api.certificate,
      key: api.key,
      ca: own.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const proven = request.socket instanceof TLSSocket && request.socket.authorized
      let body = ''
      request.on('data', (chunk) => {
        body += String(chunk)
      })
      request.on('end', () => {
        seen.push(`${request.url} ${body}`)
        const reply =
          request.url === '/token'
            ? { access_token: 'bound', token_type: 'Bearer', expires_in: 60 }
            : { token: request.headers.authorization }
        response
          .writeHead(proven ? 200 : 401, { 'content-type': 'application/json' })
          .end(JSON.stringify(reply))
      })
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = {
    baseUrl: url,
    allowAddresses: ['loopback'],
    ca: api.certificate,
    retry: { retries: 0 },
    auth: {
      type: 'oauth2-client-credentials',
      tokenUrl: `${url}/token`,
      clientId: 'own',
      clientAuthentication: 'tls',
    },
  } as const
  const client = new ApiClient({ ...options, clientCertificate: own })
  expect(await client.get('/x')).toEqual({ token: 'Bearer bound' })
  expect(seen).toEqual(['/token grant_type=client_credentials&client_id=own', '/x '])
  const stranger = new ApiClient(options)
  await expect(stranger.get('/x')).rejects.toMatchObject({
    code: 'HTTP_TOKEN_REFUSED',
    outcome: 'not-sent',
  })
  await Promise.all([client.close(), stranger.close()])
  server.close()
  server.closeAllConnections()
})
