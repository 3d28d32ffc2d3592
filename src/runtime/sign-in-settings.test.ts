import { expect, test } from 'vitest'
import { readSettings } from './config.ts'

const complete = {
  ISTHMUS_PUBLIC_URL: 'https://sync.example.com',
  ISTHMUS_OIDC_ISSUER: 'https://login.example.com/realms/staff',
  ISTHMUS_OIDC_CLIENT_ID: 'isthmus',
  ISTHMUS_OIDC_CLIENT_SECRET: 'canary-secret',
  ISTHMUS_OIDC_ROLES: '{"ops":["viewer","operator"]}',
}

function problemOf(environment: Readonly<Record<string, string>>): string {
  try {
    readSettings({ ...complete, ...environment }, '/')
    return ''
  } catch (error) {
    return String(error)
  }
}

test('an identity provider is read, and its secret is not part of what is logged', () => {
  const settings = readSettings(complete, '/')
  expect(settings.oidc).toMatchObject({ claim: 'groups', roles: { ops: ['viewer', 'operator'] } })
  expect(JSON.stringify(settings)).not.toContain('canary-secret')
})

test.each([
  ['ISTHMUS_OIDC_ISSUER', 'http://login.example.com'],
  ['ISTHMUS_OIDC_ISSUER', 'http://127.0.0.1:8080'],
  ['ISTHMUS_OIDC_ISSUER', 'https://user:password@login.example.com'],
  ['ISTHMUS_OIDC_ISSUER', 'file:///etc/passwd'],
  ['ISTHMUS_OIDC_ROLES', '{"ops":["root"]}'],
  ['ISTHMUS_OIDC_ROLES', '{"ops":[]}'],
  ['ISTHMUS_OIDC_ROLES', '{}'],
  ['ISTHMUS_OIDC_ROLES', 'ops'],
  ['ISTHMUS_OIDC_CLIENT_ID', ''],
  ['ISTHMUS_PUBLIC_URL', ''],
  ['ISTHMUS_PUBLIC_URL', 'https://sync.example.com/path'],
  ['ISTHMUS_NETWORK_ALLOW', 'everything'],
  ['ISTHMUS_TRUSTED_PROXY', 'everybody'],
  ['ISTHMUS_TLS_CERT', 'not PEM'],
])('%s is refused as %s', (name, value) => {
  expect(problemOf({ [name]: value })).toContain(name)
})

test('plain HTTP is possible to loopback, where that is allowed', () => {
  expect(problemOf({ ISTHMUS_OIDC_ISSUER: 'http://127.0.0.1:8080', ISTHMUS_NETWORK_ALLOW: 'loopback' })).toBe(
    '',
  )
})
