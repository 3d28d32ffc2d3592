import { randomInt, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cardNumberStep, replaceCardNumbers } from './card-number-policy.ts'
import { findCardNumbers } from './find-card-numbers.ts'

/** Numbers that the networks publish for tests. */
const numbers = [
  '4111111111111111',
  '4012888888881881',
  '5555555555554444',
  '5105105105105100',
  '2223003122003222',
  '378282246310005',
  '371449635398431',
  '6011111111111117',
  '3530111333300000',
  '30569309025904',
  '6212345678901265',
] as const
const visa = numbers[1]
const grouped = '4012 8888 8888 1881'

const formats: Readonly<Record<string, string>> = {
  'digits alone': visa,
  'groups of four': grouped,
  hyphens: '4012-8888-8888-1881',
  dots: '4012.8888.8888.1881',
  'no-break spaces': grouped.replaceAll(' ', '\u00a0'),
  'mixed separators': '4012 8888-8888.1881',
  'groups of American Express': '3782 822463 10005',
  'free text': `please charge ${visa}, thank you`,
  'free text with an expiry': `card ${grouped} 12/27`,
  'an order before it': `order 12 ${grouped}`,
  parentheses: `(${visa})`,
  'a JSON string': JSON.stringify({ card: visa }),
  'a JSON number': `{"card":${visa}}`,
  'escaped JSON': JSON.stringify(JSON.stringify({ card: visa })),
  XML: `<Pan>${visa}</Pan>`,
  'a query': `?amount=5&pan=${visa}&cvv=1`,
  'a query with encoded spaces': `pan=${grouped.replaceAll(' ', '%20')}`,
  'a form': `pan=${grouped.replaceAll(' ', '+')}`,
  'several lines': `Card:\n${grouped}\nName: A. Person`,
  'full-width digits': visa.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  base64: Buffer.from(`pan=${visa}`).toString('base64'),
  'base64 of JSON in a text': `payload: ${Buffer.from(JSON.stringify({ pan: visa })).toString('base64url')} end`,
  'two numbers': `${visa} and ${numbers[2]}`,
}

describe('card numbers', () => {
  test.each(numbers)('%s is found', (number) => {
    expect(findCardNumbers(`x ${number} y`)).toEqual([{ start: 2, end: 2 + number.length, digits: number }])
  })

  test.each(Object.entries(formats))('are found in %s, and nothing of them is left', (_name, text) => {
    expect(findCardNumbers(text)).not.toEqual([])
    for (const policy of ['mask', 'drop'] as const) {
      const clean = replaceCardNumbers(text, policy)
      expect(findCardNumbers(clean)).toEqual([])
      expect(clean.replace(/\D/g, '')).not.toContain('8888888')
    }
  })

  test('keep at most the first six and the last four digits when they are masked', () => {
    expect(replaceCardNumbers(`card ${grouped}!`, 'mask')).toBe('card 401288******1881!')
    expect(replaceCardNumbers(`card ${grouped}!`, 'drop')).toBe('card !')
  })

  test('are not what merely looks like one', () => {
    const others = [
      '4012888888881882',
      '0000000000000000',
      `A${visa}`,
      `${visa}7`,
      'DE89370400440532013000',
      '2024-01-02T03:04:05.678Z 1704164645678',
      '+49 30 901820 4711',
      '978-3-16-148410-0',
      '550e8400-e29b-41d4-a716-446655440000',
    ]
    for (const text of others) expect(findCardNumbers(text), text).toEqual([])
  })

  test('are rarely seen in identifiers of other kinds', () => {
    const tries = 25_000
    const digits = (length: number) => Array.from({ length }, () => randomInt(10)).join('')
    const kinds: Readonly<Record<string, () => string>> = {
      uuid: randomUUID,
      'time in milliseconds': () => String(1_500_000_000_000 + randomInt(500_000_000_000)),
      'ten digits': () => digits(10),
      'twelve digits': () => digits(12),
      'hexadecimal digest': () => randomUUID().replaceAll('-', ''),
    }
    const share = (make: () => string): number => {
      let found = 0
      for (let index = 0; index < tries; index += 1) if (findCardNumbers(make()).length > 0) found += 1
      return found / tries
    }
    for (const [kind, make] of Object.entries(kinds)) expect(share(make), kind).toBeLessThan(0.001)
    // A random number of sixteen digits can't be told from a card by its digits alone.
    expect(share(() => digits(16))).toBeLessThan(0.06)
  })

  test('of any text: replacing them once leaves none, and nothing else changes', () => {
    const word = fc.oneof(
      fc.constantFrom(...numbers, grouped, ' ', '-', '.', 'x', '"', '%20', '1', '4111'),
      fc.string({ maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const text = words.join('')
        const found = findCardNumbers(text)
        const clean = replaceCardNumbers(text, 'mask')
        if (found.length === 0) expect(clean).toBe(text)
        expect(
          findCardNumbers(clean).filter(({ digits }) => found.some((one) => one.digits === digits)),
        ).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('are found in time that grows with the text only', () => {
    const texts = ['4 '.repeat(200_000), '4111 '.repeat(100_000), 'A'.repeat(900_000), '1'.repeat(900_000)]
    const begun = performance.now()
    for (const text of texts) findCardNumbers(text)
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})

describe('a policy', () => {
  const value = { note: `card ${visa}`, list: ['a', visa], none: null, flag: true }

  test('replaces numbers anywhere in a value', () => {
    const { replace } = cardNumberStep('mask', { kind: 'group', fields: {} })
    expect(replace?.(value)).toEqual({
      note: 'card 401288******1881',
      list: ['a', '401288******1881'],
      none: null,
      flag: true,
    })
  })

  test('refuses a number in a field of numbers, which can not be masked', () => {
    for (const policy of ['block', 'mask', 'drop'] as const) {
      const step = cardNumberStep(policy, { kind: 'integer' })
      expect([step.isRefused?.(visa), step.isRefused?.('17'), step.replace]).toEqual([true, false, undefined])
    }
    expect(cardNumberStep('allow', { kind: 'string' })).toEqual({ policy: 'allow' })
  })
})
