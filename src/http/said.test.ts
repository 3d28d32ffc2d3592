import { expect, test } from 'vitest'
import { saidIn } from './said.ts'

test.each([
  [{ error: 'insufficient permissions' }, 'insufficient permissions'],
  [{ error: { code: 'X', message: 'no such resource' } }, 'no such resource'],
  [{ error: { message: { lang: 'en', value: 'Resource not found' } } }, 'Resource not found'],
  [{ error: 'invalid_grant', error_description: 'The token was revoked' }, 'The token was revoked'],
  [{ errors: [{ message: 'Unknown field' }] }, 'Unknown field'],
  [[{ message: 'REQUEST_LIMIT_EXCEEDED', errorCode: 'X' }], 'REQUEST_LIMIT_EXCEEDED'],
  [{ title: 'Forbidden', detail: 'The feed\n is closed' }, 'The feed is closed'],
])('finds the words of %j', (body, words) => {
  expect(saidIn(body)).toBe(words)
})

test.each([undefined, null, 'a page', {}, { error: ' ' }, { error: { message: 7 } }, []])(
  'finds none in %j',
  (body) => {
    expect(saidIn(body)).toBeUndefined()
  },
)

test('keeps a bounded length', () => {
  expect(saidIn({ message: 'x'.repeat(5000) })).toHaveLength(200)
})
