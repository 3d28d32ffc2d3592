/**
 * What people see of a store whose definition has fields with `sensitivity: secret`: everything but their values. Whether systems agree about such a field, when it
 * changed and who decided stays visible.
 */
import type { Integration } from '../model/integration.ts'
import type { Intent, Member, MemberField, SyncRecord } from '../model/state.ts'
import type { AdminStore, ConflictRow, JournalRow, Page, RecordDetail } from '../store/admin-contract.ts'

/** Replaces every hidden value. */
export const hiddenValue = '(secret)'

/** Facts of a journal line about a field that are not its value. */
const plainFacts = new Set([
  ...['field', 'system', 'entity', 'rev', 'at', 'by', 'src', 'kind', 'code', 'policy', 'definition'],
  ...['winner', 'decision', 'reason', 'state', 'conflict', 'hold', 'record', 'outcome', 'lens'],
])

/** Returns the same store, whose lists and records have no secret values; the store itself if no field is secret. */
export function hideSecrets(admin: AdminStore, integration: Integration): AdminStore {
  const secrets = secretFields(integration)
  if (secrets.size === 0) return admin
  const namesOf = (entity: string) => secrets.get(entity) ?? noNames
  const all = new Set([...secrets.values()].flatMap((names) => [...names]))
  const conflict = (row: ConflictRow): ConflictRow =>
    namesOf(row.entity).has(row.field)
      ? { ...row, candidates: row.candidates.map((one) => ({ ...one, value: hidden(one.value) })) }
      : row
  return {
    ...admin,
    record: async (key) => {
      const detail = await admin.record(key)
      return detail === undefined ? undefined : hideInDetail(detail, namesOf(detail.record.entity))
    },
    inspect: async (key) => {
      const detail = await admin.inspect(key)
      return detail === undefined ? undefined : hideInDetail(detail, namesOf(detail.record.entity))
    },
    journal: async (query) =>
      (await admin.journal(query)).map((row): JournalRow => ({ ...row, body: hideInBody(row.body, all) })),
    conflicts: async (page): Promise<Page<ConflictRow>> => {
      const found = await admin.conflicts(page)
      return { ...found, rows: found.rows.map(conflict) }
    },
    conflict: async (id) => {
      const row = await admin.conflict(id)
      return row === undefined ? undefined : conflict(row)
    },
  }
}

const noNames: ReadonlySet<string> = new Set()

/** The secret fields by entity; entities without one are left out. */
function secretFields({ entities }: Integration): ReadonlyMap<string, ReadonlySet<string>> {
  const found = [...entities].map(([name, { fields }]) => {
    const secret = [...fields.values()].filter(({ sensitivity }) => sensitivity === 'secret')
    return [name, new Set(secret.map((field) => field.name))] as const
  })
  return new Map(found.filter(([, names]) => names.size > 0))
}

function hideInDetail<Detail extends RecordDetail>(detail: Detail, names: ReadonlySet<string>): Detail {
  if (names.size === 0) return detail
  return {
    ...detail,
    record: hideInRecord(detail.record, names),
    members: detail.members.map((member) => hideInMember(member, names)),
    intents: detail.intents.map((intent) => hideInIntent(intent, names)),
  }
}

function hideInRecord(record: SyncRecord, names: ReadonlySet<string>): SyncRecord {
  const fields = mapNamed(record.fields, names, (field) => ({ ...field, value: hiddenValue }))
  return { ...record, fields }
}

function hideInMember(member: Member, names: ReadonlySet<string>): Member {
  return { ...member, fields: mapNamed(member.fields, names, hideInField) }
}

/** The values that a member field may hold are the shadow and those of our own writes. */
function hideInField({ replaced: _replaced, own: _own, blank, ...field }: MemberField): MemberField {
  return {
    ...field,
    ...(field.shadow === undefined ? {} : { shadow: hiddenValue }),
    ...(blank === undefined ? {} : { blank: true }),
  }
}

/** Native names are the system's own, so the native bodies are hidden as a whole where a secret is part of the write. */
function hideInIntent(intent: Intent, names: ReadonlySet<string>): Intent {
  const { preImage, ...request } = intent.request
  const isConcerned = Object.keys(request.values).some((name) => names.has(name))
  const isWhole = preImage !== undefined || intent.operation !== 'update'
  if (!isConcerned && !isWhole) return intent
  const body = isConcerned ? { [hiddenValue]: hiddenValue } : request.body
  return {
    ...intent,
    request: {
      ...request,
      body,
      values: mapNamed(request.values, names, () => hiddenValue),
      ...(preImage === undefined ? {} : { preImage: { [hiddenValue]: hiddenValue } }),
    },
  }
}

function mapNamed<Value>(
  values: Readonly<Record<string, Value>>,
  names: ReadonlySet<string>,
  change: (value: Value) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, names.has(name) ? change(value) : value]),
  )
}

/** Lines have many forms, and those of other versions as well: what is named like a secret field, or is about one, is hidden. */
function hideInBody(body: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(body)) return body.map((item) => hideInBody(item, names))
  if (typeof body !== 'object' || body === null) return body
  const facts = new Map<string, unknown>(Object.entries(body))
  const field = facts.get('field')
  const isAbout = typeof field === 'string' && names.has(field)
  return Object.fromEntries(
    [...facts].map(([name, value]) => [
      name,
      names.has(name) || (isAbout && !plainFacts.has(name)) ? hidden(value) : hideInBody(value, names),
    ]),
  )
}

/** An absent value is not a secret: whether the field is empty stays visible. */
function hidden<Value>(value: Value): Value | typeof hiddenValue {
  return value === undefined || value === null ? value : hiddenValue
}
