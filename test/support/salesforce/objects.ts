/** The objects of the fake org: sObjects with their fields, in the form of a describe. */

export type FieldKind =
  | 'id'
  | 'string'
  | 'textarea'
  | 'email'
  | 'phone'
  | 'url'
  | 'picklist'
  | 'double'
  | 'currency'
  | 'percent'
  | 'int'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'reference'
  | 'address'

/** One field. */
export interface FieldSpec {
  readonly name: string
  readonly type: FieldKind
  readonly label?: string
  readonly length?: number
  readonly precision?: number
  readonly scale?: number
  readonly required?: boolean
  readonly readOnly?: boolean
  readonly externalId?: boolean
  readonly unique?: boolean
  /** Comparisons are case-sensitive, which org admins can configure for a unique external id. */
  readonly caseSensitive?: boolean
  readonly values?: readonly string[]
  /** A picklist that refuses other values. */
  readonly restricted?: boolean
  readonly references?: string
  /** Part of a compound field. */
  readonly partOf?: string
  readonly default?: unknown
}

/** One sObject. */
export interface ObjectSpec {
  readonly name: string
  readonly label?: string
  /** First three characters of its ids. */
  readonly prefix: string
  readonly fields: readonly FieldSpec[]
  readonly mergeable?: boolean
}

const system: readonly FieldSpec[] = [
  { name: 'Id', type: 'id', length: 18, readOnly: true },
  { name: 'IsDeleted', type: 'boolean', readOnly: true },
  { name: 'CreatedDate', type: 'datetime', readOnly: true },
  { name: 'LastModifiedDate', type: 'datetime', readOnly: true },
  { name: 'SystemModstamp', type: 'datetime', readOnly: true },
]

const master: FieldSpec = { name: 'MasterRecordId', type: 'reference', length: 18, readOnly: true }

function address(prefix: string): readonly FieldSpec[] {
  const partOf = `${prefix}Address`
  return [
    { name: `${prefix}Street`, type: 'textarea', length: 255, partOf },
    { name: `${prefix}City`, type: 'string', length: 40, partOf },
    { name: `${prefix}State`, type: 'string', length: 80, partOf },
    { name: `${prefix}PostalCode`, type: 'string', length: 20, partOf },
    { name: `${prefix}Country`, type: 'string', length: 80, partOf },
    { name: partOf, type: 'address', readOnly: true },
  ]
}

const externalId: FieldSpec = {
  name: 'Isthmus_Id__c',
  label: 'Isthmus Id',
  type: 'string',
  length: 64,
  externalId: true,
  unique: true,
}

/** The objects that a new fake org has; each also has the system's own fields. */
export const standardObjects: readonly ObjectSpec[] = [
  {
    name: 'Account',
    prefix: '001',
    mergeable: true,
    fields: [
      { name: 'Name', label: 'Account Name', type: 'string', length: 255, required: true },
      { name: 'AccountNumber', label: 'Account Number', type: 'string', length: 40 },
      {
        name: 'Type',
        label: 'Account Type',
        type: 'picklist',
        length: 255,
        values: ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Partner', 'Other'],
      },
      { name: 'Industry', type: 'picklist', length: 255, values: ['Energy', 'Retail', 'Technology'] },
      { name: 'AnnualRevenue', label: 'Annual Revenue', type: 'currency', precision: 18, scale: 0 },
      { name: 'NumberOfEmployees', label: 'Employees', type: 'int' },
      { name: 'Phone', label: 'Account Phone', type: 'phone', length: 40 },
      { name: 'Website', type: 'url', length: 255 },
      { name: 'Description', label: 'Account Description', type: 'textarea', length: 32_000 },
      ...address('Billing'),
      { name: 'ParentId', label: 'Parent Account ID', type: 'reference', references: 'Account', length: 18 },
      { name: 'Credit_Limit__c', label: 'Credit Limit', type: 'currency', precision: 18, scale: 2 },
      { name: 'Active__c', label: 'Active', type: 'boolean', default: false },
      {
        name: 'Segment__c',
        label: 'Segment',
        type: 'picklist',
        length: 255,
        values: ['A', 'B', 'C'],
        restricted: true,
      },
      {
        name: 'ERP_Number__c',
        label: 'ERP Number',
        type: 'string',
        length: 20,
        externalId: true,
        unique: true,
      },
      externalId,
    ],
  },
  {
    name: 'Contact',
    prefix: '003',
    mergeable: true,
    fields: [
      { name: 'FirstName', label: 'First Name', type: 'string', length: 40 },
      { name: 'LastName', label: 'Last Name', type: 'string', length: 80, required: true },
      { name: 'Email', type: 'email', length: 80 },
      { name: 'Phone', label: 'Business Phone', type: 'phone', length: 40 },
      { name: 'Title', type: 'string', length: 128 },
      { name: 'Birthdate', type: 'date' },
      { name: 'AccountId', label: 'Account ID', type: 'reference', references: 'Account', length: 18 },
      ...address('Mailing'),
      externalId,
    ],
  },
  {
    name: 'Opportunity',
    prefix: '006',
    fields: [
      { name: 'Name', type: 'string', length: 120, required: true },
      { name: 'AccountId', label: 'Account ID', type: 'reference', references: 'Account', length: 18 },
      {
        name: 'StageName',
        label: 'Stage',
        type: 'picklist',
        length: 255,
        required: true,
        values: ['Prospecting', 'Qualification', 'Negotiation/Review', 'Closed Won', 'Closed Lost'],
      },
      { name: 'CloseDate', label: 'Close Date', type: 'date', required: true },
      { name: 'Amount', type: 'currency', precision: 18, scale: 2 },
      { name: 'Probability', label: 'Probability (%)', type: 'percent', precision: 3, scale: 0 },
      { name: 'Description', type: 'textarea', length: 32_000 },
      { name: 'Order_Number__c', label: 'Order Number', type: 'string', length: 20 },
      externalId,
    ],
  },
  {
    name: 'Product2',
    label: 'Product',
    prefix: '01t',
    fields: [
      { name: 'Name', label: 'Product Name', type: 'string', length: 255, required: true },
      { name: 'ProductCode', label: 'Product Code', type: 'string', length: 255 },
      { name: 'Description', type: 'textarea', length: 4_000 },
      { name: 'IsActive', label: 'Active', type: 'boolean', default: false },
      { name: 'List_Price__c', label: 'List Price', type: 'currency', precision: 16, scale: 2 },
      externalId,
    ],
  },
  {
    name: 'Organization',
    prefix: '00D',
    fields: [{ name: 'Name', type: 'string', length: 80, required: true }],
  },
]

/** An object with every field it has, by lower-case name. */
export interface ObjectType {
  readonly spec: ObjectSpec
  readonly fields: ReadonlyMap<string, FieldSpec>
}

export function objectType(spec: ObjectSpec): ObjectType {
  const all = [...system, ...(spec.mergeable === true ? [master] : []), ...spec.fields]
  return { spec, fields: new Map(all.map((field) => [field.name.toLowerCase(), field])) }
}

const noLength: ReadonlySet<FieldKind> = new Set([
  'double',
  'currency',
  'percent',
  'int',
  'boolean',
  'date',
  'datetime',
  'address',
])

const soapTypes: Partial<Record<FieldKind, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  address: 'urn:address',
}

/** One field in the form of `describe`. */
export function describeField(field: FieldSpec): Readonly<Record<string, unknown>> {
  const writable = field.readOnly !== true
  const custom = field.name.endsWith('__c')
  return {
    name: field.name,
    label: field.label ?? field.name,
    type: field.type,
    soapType: soapTypes[field.type] ?? 'xsd:string',
    length: noLength.has(field.type) ? 0 : (field.length ?? 255),
    byteLength: noLength.has(field.type) ? 0 : (field.length ?? 255) * 3,
    digits: field.type === 'int' ? 9 : 0,
    precision: field.precision ?? 0,
    scale: field.scale ?? 0,
    nillable: field.required !== true && field.type !== 'boolean' && writable,
    createable: writable,
    updateable: writable,
    defaultedOnCreate: field.type === 'boolean' || !writable,
    externalId: field.externalId === true,
    idLookup: field.externalId === true || field.type === 'id',
    unique: field.unique === true,
    caseSensitive: field.caseSensitive === true,
    custom,
    calculated: false,
    autoNumber: false,
    compoundFieldName: field.partOf ?? null,
    filterable: field.type !== 'address' && !(field.type === 'textarea' && (field.length ?? 0) > 255),
    sortable: field.type !== 'address' && field.type !== 'textarea',
    groupable: field.type === 'string',
    restrictedPicklist: field.restricted === true,
    referenceTo: field.references === undefined ? [] : [field.references],
    relationshipName:
      field.references === undefined ? null : field.name.replace(/Id$/, '').replace('__c', '__r'),
    picklistValues: (field.values ?? []).map((value) => ({
      active: true,
      defaultValue: false,
      label: value,
      validFor: null,
      value,
    })),
    deprecatedAndHidden: false,
    encrypted: false,
    permissionable: custom,
  }
}

/** An object in the form of the global describe. */
export function describeSummary({ spec }: ObjectType, version: string): Readonly<Record<string, unknown>> {
  const base = `/services/data/${version}/sobjects/${spec.name}`
  const hidden = spec.name === 'Organization'
  return {
    name: spec.name,
    label: spec.label ?? spec.name,
    labelPlural: `${spec.label ?? spec.name}s`,
    keyPrefix: spec.prefix,
    custom: spec.name.endsWith('__c'),
    customSetting: false,
    createable: !hidden,
    updateable: !hidden,
    deletable: !hidden,
    undeletable: !hidden,
    mergeable: spec.mergeable === true,
    queryable: true,
    retrieveable: true,
    searchable: !hidden,
    replicateable: !hidden,
    layoutable: !hidden,
    triggerable: !hidden,
    deprecatedAndHidden: false,
    urls: {
      sobject: base,
      describe: `${base}/describe`,
      rowTemplate: `${base}/{ID}`,
    },
  }
}
