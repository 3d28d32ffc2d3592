/**
 * Every guard against every error: a class that a guard takes for another one would be handled as that one.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../model/error-codes.ts'
import { IsthmusError, isIsthmusError, UsageError } from '../model/errors.ts'
import {
  AuthenticationError,
  HttpError,
  HttpStatusError,
  isHttpError,
  NetworkError,
  RateLimitedError,
  ResponseValidationError,
} from './errors.ts'

const secret = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const outcome = 'answered'
const response = {
  status: 400,
  body: { token: secret },
  mediaType: 'application/json',
  headers: { 'set-cookie': `session=${secret}` },
  plain: Buffer.from(secret),
}

const samples: Readonly<Record<string, unknown>> = {
  IsthmusError: new IsthmusError('ENGINE_BUSY', 'busy', { details: { secret } }),
  UsageError: new UsageError('HTTP_OPTIONS_INVALID', 'no such option', { details: { secret } }),
  HttpError: new HttpError('HTTP_TIMEOUT', 'late', { outcome, details: { secret } }),
  HttpStatusError: new HttpStatusError('HTTP_STATUS_FINAL', 'status 400', { outcome, response }),
  RateLimitedError: new RateLimitedError('HTTP_RATE_LIMITED', 'status 429', { outcome, response }),
  AuthenticationError: new AuthenticationError('HTTP_UNAUTHENTICATED', 'status 401', { outcome, response }),
  NetworkError: new NetworkError('HTTP_NETWORK', 'reset', { outcome, systemCode: 'ECONNRESET' }),
  ResponseValidationError: new ResponseValidationError('HTTP_RESPONSE_UNEXPECTED', 'no match', {
    outcome,
    status: 200,
    issues: [{ message: secret }],
  }),
  'an Error': new Error('no'),
  'a TypeError': new TypeError('no'),
  'an abort': new DOMException('no', 'AbortError'),
  'an object with the properties of one': {
    name: 'HttpError',
    code: 'HTTP_TIMEOUT',
    retry: 'never',
    outcome,
  },
  'a text': 'HTTP_TIMEOUT',
  null: null,
  undefined,
}

const classes = {
  IsthmusError,
  UsageError,
  HttpError,
  HttpStatusError,
  RateLimitedError,
  AuthenticationError,
  NetworkError,
  ResponseValidationError,
}
const ofCalls = ['HttpStatusError', 'RateLimitedError', 'AuthenticationError', 'NetworkError']
const anyHttp = ['HttpError', ...ofCalls, 'ResponseValidationError']

/** The samples that each guard accepts; it refuses all others. */
const accepted: Readonly<Record<string, readonly string[]>> = {
  isIsthmusError: Object.keys(classes),
  isHttpError: ['UsageError', ...anyHttp],
  'instanceof IsthmusError': Object.keys(classes),
  'instanceof UsageError': ['UsageError'],
  'instanceof HttpError': anyHttp,
  ...Object.fromEntries(
    [...ofCalls, 'ResponseValidationError'].map((name) => [`instanceof ${name}`, [name]]),
  ),
}

const guards: Readonly<Record<string, (value: unknown) => boolean>> = {
  isIsthmusError,
  isHttpError,
  ...Object.fromEntries(
    Object.entries(classes).map(([name, type]) => [
      `instanceof ${name}`,
      (value: unknown) => value instanceof type,
    ]),
  ),
}

test.each(Object.keys(guards))('%s accepts its own errors and refuses every other value', (guard) => {
  const names = Object.keys(samples).filter((name) => guards[guard]?.(samples[name]) === true)
  expect(names).toEqual(accepted[guard])
})

describe.each(Object.keys(classes))('%s', (name) => {
  const error = samples[name]

  test('has a code of the table, and says whether a retry can help', () => {
    expect(Object.keys(errorCodes)).toContain(Reflect.get(Object(error), 'code'))
    expect(Reflect.get(Object(error), 'retry')).toBeDefined()
    expect(Reflect.get(Object(error), 'name')).toBe(name)
  })

  test('shows neither bodies, headers nor details when it is printed', () => {
    expect(inspect(error, { depth: 10 })).not.toContain(secret)
    expect(JSON.stringify(error)).not.toContain(secret)
  })
})

test('an error of another copy of the package is recognised', async () => {
  const copy = (await import(`${'../model/errors.ts'}?copy`)) as { IsthmusError: typeof IsthmusError }
  const error = new copy.IsthmusError('ENGINE_BUSY', 'busy')
  expect(error).not.toBeInstanceOf(IsthmusError)
  expect(isIsthmusError(error)).toBe(true)
})

test('there is no other error class: anything else is a code', () => {
  const root = path.resolve(import.meta.dirname, '..')
  const declared = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(path.join(root, file), 'utf8').matchAll(/\bclass (\w+) extends \w*Error\b/g),
    ])
    .map(([, name]) => name)
  expect(declared.sort()).toEqual(Object.keys(classes).sort())
})
