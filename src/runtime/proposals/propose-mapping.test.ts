import { describe, expect, test } from 'vitest'
import type { FieldDescription, ResourceDescription } from '../../connectors/kit/description.ts'
import type { FieldType } from '../../model/values.ts'
import { pathSimilarity, wordsOf } from './field-names.ts'
import { lossesBetween } from './field-types.ts'
import { pairLosses, proposeMapping } from './propose-mapping.ts'

const string: FieldType = { kind: 'string' }

function field(path: string, more: Partial<FieldDescription> = {}): FieldDescription {
  return {
    path: path.split('.'),
    nativeType: 'text',
    type: string,
    required: false,
    nullable: true,
    creatable: true,
    updatable: true,
    ...more,
  }
}

function resource(name: string, fields: readonly FieldDescription[]): ResourceDescription {
  return { name, fields, key: [['id']] }
}

const pairsOf = (
  left: readonly FieldDescription[],
  right: readonly FieldDescription[],
  names = ['Account', 'A_BusinessPartner'],
) =>
  proposeMapping(resource(names[0] ?? '', left), resource(names[1] ?? '', right), ['customer']).pairs.map(
    (pair) => `${pair.left.path.join('.')} = ${pair.right.path.join('.')}`,
  )

describe('names', () => {
  test.each([
    ['Credit_Limit__c', ['credit', 'limit']],
    ['BillingPostalCode', ['address', 'postal', 'code']],
    ['ADDR_ZIP', ['address', 'postal']],
    ['e-mail', ['email']],
    ['eMail', ['email']],
    ['HTTPUrl2', ['http', 'website']],
    ['Straße', ['street']],
    ['', []],
  ])('%s is made of %j', (name, words) => {
    expect(wordsOf(name)).toEqual(words)
  })

  test.each([
    [['address', 'city'], ['BillingCity'], 0.99],
    [['customerName'], ['name'], 0.99],
    [['phone'], ['TelephoneNumber'], 0.6],
    [['taxNumber'], ['VATNumber'], 0.99],
  ])('%j and %j are alike', (left, right, least) => {
    expect(pathSimilarity(left, right, ['customers'])).toBeGreaterThanOrEqual(least)
  })

  test.each([
    [['email'], ['phone']],
    [['price'], ['stock']],
    [['first name'], ['last city']],
    [['state'], ['street']],
  ])('%j and %j are not', (left, right) => {
    expect(pathSimilarity(left, right)).toBeLessThan(0.62)
  })
})

describe('proposals', () => {
  test('pairs the fields of a CRM with those of an ERP, each once', () => {
    const crm = [
      field('id', { creatable: false, updatable: false }),
      field('Name'),
      field('Email__c'),
      field('Phone'),
      field('BillingStreet'),
      field('BillingCity'),
      field('BillingPostalCode'),
      field('VAT_Number__c'),
      field('Credit_Limit__c', { type: { kind: 'decimal' } }),
      field('LastModifiedDate', { type: { kind: 'instant' }, creatable: false, updatable: false }),
      field('NumberOfEmployees', { type: { kind: 'integer' } }),
    ]
    const erp = [
      field('id', { creatable: false, updatable: false }),
      field('partnerName'),
      field('eMailAddress'),
      field('tel'),
      field('addr.street'),
      field('addr.city'),
      field('addr.zip'),
      field('taxNumber'),
      field('creditLimit', { type: { kind: 'decimal' } }),
      field('changedOn', { type: { kind: 'instant' }, creatable: false, updatable: false }),
      field('salesOffice'),
    ]
    expect(pairsOf(crm, erp, ['Account', 'partners'])).toEqual([
      'Name = partnerName',
      'Email__c = eMailAddress',
      'Phone = tel',
      'BillingStreet = addr.street',
      'BillingCity = addr.city',
      'BillingPostalCode = addr.zip',
      'VAT_Number__c = taxNumber',
      'Credit_Limit__c = creditLimit',
    ])
  })

  test('first and last name are not confused, nor are names with types that do not go together', () => {
    const left = [field('first_name'), field('last_name'), field('active', { type: { kind: 'boolean' } })]
    const right = [field('lastName'), field('firstName'), field('active', { type: { kind: 'date' } })]
    expect(pairsOf(left, right)).toEqual(['first_name = firstName', 'last_name = lastName'])
  })

  test('a field that one side does not let change comes from there', () => {
    const readOnly = { creatable: false, updatable: false }
    const { pairs } = proposeMapping(
      resource('a', [field('creditLimit', readOnly), field('score'), field('rank', readOnly)]),
      resource('b', [field('creditLimit'), field('score', readOnly), field('rank', readOnly)]),
    )
    expect(pairs.map(({ left, source }) => [left.path[0], source])).toEqual([
      ['creditLimit', 'left'],
      ['score', 'right'],
    ])
  })

  test('names what a create demands and nothing gives', () => {
    const { unmapped } = proposeMapping(
      resource('a', [field('name')]),
      resource('b', [field('name', { required: true }), field('companyCode', { required: true })]),
    )
    expect(unmapped.right.map(({ path }) => path[0])).toEqual(['companyCode'])
    expect(unmapped.left).toEqual([])
  })

  test('says how sure it is', () => {
    const { pairs } = proposeMapping(
      resource('a', [field('email'), field('phoneNumbers')]),
      resource('b', [field('email'), field('phone')]),
    )
    expect(pairs.map(({ confidence }) => confidence)).toEqual(['high', expect.stringMatching(/medium|low/)])
    expect(pairs[0]?.reasons).toEqual(['the names mean the same', 'both are string'])
  })
})

describe('losses', () => {
  const decimal: FieldType = { kind: 'decimal' }
  test.each([
    ['a longer text', field('a', { maxLength: 80 }), field('b', { maxLength: 40 }), ['length']],
    ['a text of any length', field('a'), field('b', { maxLength: 40 }), ['length']],
    ['a shorter text', field('a', { maxLength: 40 }), field('b', { maxLength: 80 }), []],
    [
      'more places',
      field('a', { type: decimal, scale: 4 }),
      field('b', { type: decimal, scale: 2 }),
      ['scale'],
    ],
    [
      'a fraction for a whole number',
      field('a', { type: decimal }),
      field('b', { type: { kind: 'integer' } }),
      ['scale'],
    ],
    [
      'more digits',
      field('a', { type: decimal, precision: 18, scale: 2 }),
      field('b', { type: decimal, precision: 10, scale: 2 }),
      ['precision'],
    ],
    [
      'a value without counterpart',
      field('a', { values: ['x', 'y'] }),
      field('b', { values: ['x'] }),
      ['values'],
    ],
    ['empty where it is demanded', field('a'), field('b', { nullable: false }), ['null']],
  ])('%s', (_title, from, to, kinds) => {
    expect(lossesBetween(from, to).map(({ kind }) => kind)).toEqual(kinds)
  })

  test('are reported in the direction in which values go', () => {
    const [pair] = proposeMapping(
      resource('a', [field('name', { maxLength: 80 })]),
      resource('b', [field('name', { maxLength: 40 })]),
    ).pairs
    if (pair === undefined) return expect.fail('no pair')
    expect(pairLosses(pair, { left: 'crm', right: 'erp' })).toEqual([
      'crm → erp: texts of up to 80 characters, of which 40 fit',
    ])
  })
})
