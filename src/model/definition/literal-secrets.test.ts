import { describe, expect, test } from 'vitest'
import { literalSecrets } from './literal-secrets.ts'

function found(system: unknown): boolean {
  return literalSecrets({ systems: { crm: system } }).length > 0
}

describe('a literal secret', () => {
  test.each([
    { auth: { password: 'x' } },
    { auth: { clientSecret: 'x' } },
    { auth: { apiKey: 12345 } },
    { headers: { 'x-api-key': 'x' } },
    { headers: { authorization: 'Bearer abcdef' } },
    { url: 'https://user:pass@example.com' },
    { anything: ['sk_live_abcdefgh12345678'] },
    { key: '-----BEGIN RSA PRIVATE KEY-----' },
    { auth: { token: `prefix-\${env:TOKEN}` } },
    { auth: { token: `\${env:TOKEN:-fallback}` } },
  ])('is refused: %j', (system) => {
    expect(found(system)).toBe(true)
  })

  test.each([
    { auth: { token: `\${env:TOKEN}` } },
    { auth: { privateKey: `\${file:/run/secrets/key}` } },
    { headers: { authorization: `Bearer \${env:TOKEN}` } },
    { url: `https://\${env:USER}:\${env:PASS}@example.com` },
    { auth: { tokenUrl: 'https://example.com/token' } },
    { pagination: { nextPageToken: 'meta.next' } },
    { auth: { type: 'bearer', header: 'X-Api-Key' } },
    { webhooks: { secret: '' } },
  ])('is not seen in %j', (system) => {
    expect(found(system)).toBe(false)
  })

  test('is looked for in alert channels too', () => {
    expect(literalSecrets({ alerts: { channels: { oncall: { pagerduty: 'abc' } } } })).toHaveLength(1)
  })
})
