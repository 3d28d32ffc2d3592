import { expect, test } from 'vitest'
import type { CallFailure } from '../connectors/kit/contract.ts'
import { currentCode, errorCodes } from './error-codes.ts'
import { fixOf, summaryOf } from './health/words.ts'

test('a code that is not in the table is a type error', () => {
  // @ts-expect-error: no row of the table
  const failure: CallFailure = { code: 'CONNECTOR_NO_SUCH_CODE', message: 'no', scope: 'record' }
  expect(Object.keys(errorCodes)).not.toContain(failure.code)
})

test.each([
  ['TIMEOUT', 'ENGINE_CALL_LATE'],
  ['UNEXPECTED', 'ENGINE_CALL_FAILED'],
  ['UNSUPPORTED', 'ENGINE_UNSUPPORTED'],
] as const)('%s of an older database is told of as %s', (former, code) => {
  expect(currentCode(former)).toBe(code)
  expect([fixOf(former), summaryOf(former)]).toEqual([errorCodes[code].fix, errorCodes[code].summary])
})

test('a word that never was a code has no row', () => {
  expect([currentCode('NO_CODE'), currentCode('toString'), fixOf('constructor')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
