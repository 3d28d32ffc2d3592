import { expect, test } from 'vitest'
import { quotedWords } from './quoted-words.ts'

test('keeps what the system says, in one line and bounded', () => {
  expect(quotedWords('duplicate key value violates\n unique constraint "users_email_key"', {})).toBe(
    'duplicate key value violates unique constraint "users_email_key"',
  )
  expect(quotedWords('x'.repeat(100_000), {})).toHaveLength(300)
  expect(quotedWords(' \u0000 ', {})).toBeUndefined()
  expect(quotedWords(undefined, {})).toBeUndefined()
})

test('takes out what was sent, wherever it stands, and what looks like personal data', () => {
  const sent = { name: 'Ada', address: { lines: ['Marylebone 7', 'London'] }, amount: 4711 }
  expect(
    quotedWords('Ada of Marylebone 7, London owes 4711 to bob@example.org, call +49 30 123456', sent),
  ).toBe('… of …, … owes … to …, call +…')
  expect(quotedWords('no value of AB stays, AB is too short to tell', { code: 'AB' })).toContain('AB')
})
