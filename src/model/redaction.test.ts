import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loggableNames, redact, redacted, redactHeaders, redactUrl } from './redaction.ts'

const canary = 'canary-5c3a'

describe('redact', () => {
  test('lets nothing out under a name that is not allowed, at any depth', () => {
    const name = fc.string().filter((text) => !loggableNames.has(text))
    fc.assert(
      fc.property(name, fc.constantFrom('systems', 'reason', 'rule'), fc.nat(9), (secret, outer, depth) => {
        let value: unknown = { [secret]: canary }
        for (let level = 0; level < depth; level += 1) value = { [outer]: [value] }
        expect(JSON.stringify(redact(value))).not.toContain(canary)
      }),
      { numRuns: 1000 },
    )
  })

  test('keeps the facts about the machinery', () => {
    expect(redact({ system: 'erp', status: 503, body: { name: canary } })).toEqual({
      system: 'erp',
      status: 503,
      body: redacted,
    })
  })

  test('ends on cycles, long texts and wide lists', () => {
    const cycle: Record<string, unknown> = {}
    cycle.systems = cycle
    expect(JSON.stringify(redact(cycle))).toContain(redacted)
    expect(redact({ reason: 'x'.repeat(201) })).toEqual({ reason: redacted })
    expect(redact(Array.from({ length: 60 }, () => 1))).toHaveLength(51)
  })
})

describe('redactHeaders', () => {
  test('shows only the names of what could identify somebody', () => {
    expect(
      redactHeaders({ Authorization: canary, 'Set-Cookie': [canary], ETag: 'v1', Host: undefined }),
    ).toEqual({
      Authorization: redacted,
      'Set-Cookie': redacted,
      ETag: 'v1',
    })
  })
})

describe('redactUrl', () => {
  test.each([
    ['https://u:p@example.com/a?token=x&page=2#f', 'https://example.com/a?token=[redacted]&page=2'],
    ['https://a@b@example.com/', 'https://example.com/'],
    ['http://example.com', 'http://example.com'],
    ['not an address', redacted],
  ])('of %s is %s', (address, expected) => {
    expect(redactUrl(address)).toBe(expected)
  })
})
