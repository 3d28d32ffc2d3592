import { describe, expect, test } from 'vitest'
import { usualWords } from './refusal-words.ts'
import { namesInWords, usualRefusedNames } from './refused-names.ts'

describe('the fields that a refusal names', () => {
  test.each<[string, unknown, readonly string[]]>([
    ['a field beside the words', { error: 'login already taken', field: 'login' }, ['login']],
    ['names in a list', { error: 'bad value', fields: ['tier'] }, ['tier']],
    ['names as keys', { message: 'no', fields: { tier: 'retired' } }, ['tier']],
    ['problem details with pointers', { errors: [{ detail: 'no', pointer: '#/tier' }] }, ['#/tier']],
    ['problem details as a map', { title: 'no', errors: { Tier: ['retired'] } }, ['Tier']],
    ['invalid-params', { 'invalid-params': [{ name: 'tier', reason: 'retired' }] }, ['tier']],
    [
      'JSON:API',
      { errors: [{ source: { pointer: '/data/attributes/tier' }, detail: 'no' }] },
      ['/data/attributes/tier'],
    ],
    ['FastAPI', { detail: [{ loc: ['body', 'tier'], msg: 'no' }] }, ['body.tier']],
    ['zod', { issues: [{ path: ['tier', 0], message: 'no' }] }, ['tier.0']],
    ['Django, Rails', { tier: ['is retired'], email: ['is taken'] }, ['tier', 'email']],
    ['Symfony', { violations: [{ propertyPath: 'tier', message: 'no' }] }, ['tier']],
    [
      'OData',
      { error: { code: 'X', target: 'Tier', details: [{ target: 'to_Item/Qty' }] } },
      ['Tier', 'to_Item/Qty'],
    ],
    [
      'Google',
      { error: { details: [{ fieldViolations: [{ field: 'tier', description: 'no' }] }] } },
      ['tier'],
    ],
    ['Salesforce', [{ errorCode: 'X', message: 'no', fields: ['Tier__c'] }], ['Tier__c']],
    ['AJV', { errors: [{ instancePath: '/tier', keyword: 'enum', message: 'no' }] }, ['/tier']],
    ['Shopify', { errors: { tier: 'is retired', 'address.city': 'no' } }, ['tier', 'address.city']],
    ['HubSpot', { errors: [{ message: 'no', context: { propertyName: ['tier'] } }] }, ['tier']],
    ['Stripe', { error: { param: 'address[city]', message: 'no' } }, ['address[city]']],
    [
      'OData with a key',
      { error: { details: [{ target: "/Partners(ID='A 1')/Tier" }] } },
      ['/Partners/Tier'],
    ],
    ['SAP', { error: { innererror: { errordetails: [{ propertyref: 'Tier' }] } } }, ['Tier']],
    ['ASP.NET', { errors: { '$.tier': ['no'] }, status: 400, traceId: '00-1' }, ['$.tier']],
    ['ASP.NET before Core', { Message: 'no', ModelState: { 'partner.Tier': ['no'] } }, ['partner.Tier']],
    ['zod, formatted', { _errors: [], tier: { _errors: ['no'] } }, ['tier']],
    ['zod, as a tree', { errors: [], properties: { tier: { errors: ['no'] } } }, ['tier']],
    ['problems beside a status', { tier: ['no'], status: 422 }, ['tier']],
    ['maps within maps', { messages: { json: { address: { city: ['no'] } } } }, ['json.address.city']],
    ['a list of maps', [{}, { tier: ['no'] }], ['tier']],
    ['NestJS', { message: ['tier must be one of: gold'], error: 'Bad Request' }, ['tier']],
    ['Gin', { error: "Key: 'Partner.Tier' Error:Field validation for 'Tier' failed" }, ['Partner.Tier']],
    ['HubSpot, as JSON', { message: 'Not valid: [{"isValid":false,"name":"tier"}]' }, ['tier']],
    ['WordPress', { data: { status: 400, params: { tier: 'no' } } }, ['tier']],
    ['PocketBase', { message: 'no', data: { tier: { code: 'invalid', message: 'no' } } }, ['tier']],
    ['Directus', { errors: [{ message: 'no', extensions: { field: 'tier' } }] }, ['tier']],
    ['NetSuite', { 'o:errorDetails': [{ detail: 'no', 'o:errorPath': 'tier' }] }, ['tier']],
    ['QuickBooks', { Fault: { Error: [{ Message: 'no', element: 'tier' }] } }, ['tier']],
    ['FHIR', { issue: [{ diagnostics: 'no', expression: ['Partner.tier'] }] }, ['Partner.tier']],
    ['HAL', { _embedded: { errors: [{ message: 'no', path: '/tier' }] } }, ['/tier']],
    ['Kubernetes', { details: { causes: [{ field: 'spec.tier' }] } }, ['spec.tier']],
  ])('%s', (_, body, names) => {
    expect(usualRefusedNames(body)).toEqual(expect.arrayContaining([...names]))
  })

  test.each([
    ['tier: the value platinum is retired', 'tier'],
    ["The value of 'tier' on record of type 'partner' is outside the valid range.", 'tier'],
    ['Tier has already been taken', 'Tier'],
    ['tier must be one of gold, silver', 'tier'],
    ['Invalid value for field tier.', 'tier'],
    ['the “tier” is not in the list', 'tier'],
    ['The tier field is required.', 'tier'],
    ['null value in column "tier" violates not-null constraint', 'tier'],
  ])('words: %s', (words, name) => {
    expect(namesInWords(words, { data: { tier: 'platinum' } })).toEqual([name])
  })

  test('words without a name of what was sent', () => {
    for (const words of [
      undefined,
      '',
      'no',
      "The record 'tier' was changed.",
      "'platinum' is no such thing",
    ])
      expect(namesInWords(words, { name: 'platinum' })).toBeUndefined()
    expect(namesInWords("'tier' is wrong", undefined)).toBeUndefined()
  })

  test('a form names those of its fields that have problems', () => {
    const children = { email: {}, tier: { errors: ['no'] } }
    expect(usualRefusedNames({ message: 'no', errors: { children } })).toEqual(['tier'])
  })

  test('a copy of the record beside the error names nothing', () => {
    const data = { id: 7, name: 'Ada', tags: ['new'], address: { city: 'London' } }
    expect(usualRefusedNames({ error: 'no', data })).toBeUndefined()
  })

  test('what every error has is no name of a field', () => {
    expect(usualRefusedNames({ errors: { code: 'X', message: 'no', status: 'error' } })).toBeUndefined()
    expect(usualRefusedNames({ error: { code: 'X', message: 'no' } })).toBeUndefined()
  })

  test('a body without names, and one that is none', () => {
    expect(usualRefusedNames({ error: 'no' })).toBeUndefined()
    expect(usualRefusedNames({ message: 'no', status: 400 })).toBeUndefined()
    expect(usualRefusedNames('no')).toBeUndefined()
    expect(usualRefusedNames(undefined)).toBeUndefined()
  })

  test('sentences are no names, and a huge body is read in part only', () => {
    expect(usualRefusedNames({ errors: [{ field: 'the tier of Ada' }] })).toBeUndefined()
    const errors = Array.from({ length: 100_000 }, (_, at) => ({ field: `f${at}` }))
    expect(usualRefusedNames({ errors })?.length).toBeLessThanOrEqual(50)
    let deep: unknown = { field: 'tier' }
    for (let depth = 0; depth < 10_000; depth += 1) deep = { errors: deep }
    expect(usualRefusedNames(deep)).toBeUndefined()
  })
})

test.each<[unknown, string | undefined]>([
  [{ error: 'login already taken', field: 'login' }, 'login already taken'],
  [{ title: 'Bad Request', detail: 'no such tier' }, 'no such tier'],
  [[{ errorCode: 'X', message: 'no such tier' }], 'no such tier'],
  [{ tier: ['is retired'] }, 'is retired'],
  ['no such tier', 'no such tier'],
  ['<html>', undefined],
  [{ id: 1 }, undefined],
  [{ error: { code: 'SY/530', message: { lang: 'en', value: 'Enter a valid tier' } } }, 'Enter a valid tier'],
  [{ errors: { tier: ['is retired'] } }, 'is retired'],
  [{ errors: { tier: 'is retired' } }, 'is retired'],
  [{ errors: { tier: { message: 'is retired', kind: 'enum' } } }, 'is retired'],
  [{ detail: [{ loc: ['body', 'tier'], msg: 'is retired' }] }, 'is retired'],
  [{ issues: [{ path: ['tier'], message: 'is retired' }] }, 'is retired'],
  [{ address: { city: ['is too long'] } }, 'is too long'],
  [{ statusCode: 400, message: ['tier must be new'], error: 'Bad Request' }, 'tier must be new'],
  [{ Message: 'is retired', ModelState: {} }, 'is retired'],
  [{ Fault: { Error: [{ Message: 'is retired' }] } }, 'is retired'],
  [{ _errors: [], tier: { _errors: ['is retired'] } }, 'is retired'],
  [{ resourceType: 'OperationOutcome', issue: [{ diagnostics: 'is retired' }] }, 'is retired'],
])('the words of %j', (body, words) => {
  expect(usualWords(body)).toBe(words)
})
