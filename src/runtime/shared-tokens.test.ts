import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { withTestDatabase } from '../../test/support/database.ts'
import { sendJson, startServer } from '../../test/support/local-server.ts'
import { testKey } from '../../test/support/test-key.ts'
import { readSettings } from './config.ts'
import { createRuntime } from './create-runtime.ts'
import { loadDefinition } from './load-definition.ts'

const definition = (url: string) => `
integration: shared-tokens
systems:
  crm:
    connector: rest
    url: ${url}
    allowHttp: true
    auth:
      type: oauth2-refresh-token
      tokenUrl: ${url}/token
      clientId: app
      clientAuthentication: none
      refreshToken: "\${env:FIRST}"
    manifest:
      resources: { things: { path: /things } }
      fingerprint: { path: /me, value: id }
  erp:
    connector: rest
    url: ${url}
    allowHttp: true
    manifest: { resources: { things: { path: /things } } }
entities:
  thing:
    fields: { name: string }
    match: [{ exact: [name] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: things, operations: [update], acceptRaceWindow: true, map: { name: name }, triggers: [{ webhook: x }] }
      erp: { resource: things, operations: [update], acceptRaceWindow: true, map: { name: name }, triggers: [{ webhook: x }] }
`

test('the processes of an integration share a rotating refresh token, also after all of them were restarted', async () => {
  let newest = 'first'
  let given = 0
  await using api = await startServer((request, response) => {
    if (request.url !== '/token') {
      const fits = request.headers.authorization === `Bearer access-${given}`
      return sendJson(response, fits ? 200 : 401, { id: 'account' })
    }
    const used = new URLSearchParams(request.body).get('refresh_token')
    if (used !== newest) return sendJson(response, 400, { error: 'invalid_grant' })
    given += 1
    newest = `rotated-${given}`
    sendJson(response, 200, {
      access_token: `access-${given}`,
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: newest,
    })
  })
  const database = await withTestDatabase()
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-tokens-'))
  writeFileSync(path.join(directory, 'isthmus.yaml'), definition(api.url))
  const open = async () =>
    createRuntime({
      loaded: await loadDefinition({ directory, environment: { FIRST: 'first' } }),
      settings: readSettings({ ...testKey, DATABASE_URL: database.connection }, directory),
      roles: [],
    })
  const ask = (runtime: Awaited<ReturnType<typeof open>>) =>
    runtime.systems.get('crm')?.fingerprint({ signal: new AbortController().signal, priority: 'hand' })

  const processes = [await open(), await open()]
  expect(await Promise.all(processes.map(ask))).toEqual(Array(2).fill({ kind: 'known', value: 'account' }))
  await Promise.all(processes.map((runtime) => runtime.stop()))
  expect(given).toBe(1)

  // The process has ended by now: only the database has the newest refresh token.
  await database.query('update isthmus.token set expires_at = 1')
  const later = await open()
  expect(await ask(later)).toEqual({ kind: 'known', value: 'account' })
  expect(given).toBe(2)
  await later.stop()
  await database.close()
  rmSync(directory, { recursive: true })
})
