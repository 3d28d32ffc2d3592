/**
 * Forgets the state of fields that were removed from the definition, in every member of the record and in its
 * agreed values.
 *
 * A field that is added again later begins with a first contact. An old agreed value must not compete with
 * the current values of its systems, and a base kept by only one of them would make its present value look
 * like a recent edit. All of it is therefore removed together, with the first pass over the record.
 */
import type { EntitySystem } from '../../model/integration.ts'
import type { AgreedField, MemberField, MemberFields } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { addRows, updateMember, updateRecord } from '../pass/pass.ts'

/** Called before each merge; does nothing where the record has no state of a removed field. */
export function forgetRemovedFields(pass: Pass): void {
  for (const member of [...pass.members.values()]) {
    const part = pass.entity.systems.get(member.system)
    // A system that is not part of the entity now keeps its state: it may be added again.
    if (part === undefined) continue
    const fields = tidyFields(part, member.fields)
    if (fields === member.fields) continue
    closeHolds(pass, member.system, member.fields, fields)
    updateMember(pass, { system: member.system, fields })
  }
  const { fields } = pass.record
  const removed = Object.entries(fields).filter(([name, agreed]) => isRemoved(pass, name, agreed))
  if (removed.length === 0) return
  const names = new Set(removed.map(([name]) => name))
  updateRecord(pass, {
    fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name))),
  })
  for (const [field, { heldBy }] of removed) {
    if (heldBy === undefined) continue
    addRows(pass, {
      conflicts: [{ id: heldBy, field, candidates: [], policy: 'field-removed', winner: 'agreed' }],
    })
  }
}

/** A field that is set only by rules needs no mapping. */
function isRemoved({ entity }: Pass, name: string, { src }: AgreedField): boolean {
  if (!entity.fields.has(name)) return true
  return src !== 'rule' && [...entity.systems.values()].every(({ fields }) => !fields.has(name))
}

function closeHolds(pass: Pass, system: string, before: MemberFields, after: MemberFields): void {
  for (const [field, { hold }] of Object.entries(before)) {
    if (hold === undefined || field in after) continue
    const cleared = { recordId: pass.record.id, kind: 'oscillation' as const, system, field }
    addRows(pass, { clearedHolds: [cleared] })
  }
}

/**
 * Keeps the stored state of a member in line with the definition: a field that the system no longer maps is
 * forgotten, so that it starts without a base when it is mapped again, and write-only fields are told from
 * readable ones. Otherwise a full run, which compares everything a record shows with everything that was
 * absorbed, would find the record changed every time. Returns the same object when nothing changes.
 */
export function tidyFields({ fields: defined }: EntitySystem, fields: MemberFields): MemberFields {
  let changed = false
  const kept: [string, MemberField][] = []
  for (const [name, state] of Object.entries(fields)) {
    const settings = defined.get(name)
    if (settings === undefined) {
      changed = true
      continue
    }
    const tidy = withReadability(state, settings.readable)
    changed ||= tidy !== state
    kept.push([name, tidy])
  }
  return changed ? Object.fromEntries(kept) : fields
}

function withReadability(state: MemberField, readable: boolean): MemberField {
  if (readable === (state.writeOnly === undefined)) return state
  if (!readable) return { ...state, writeOnly: true }
  const { writeOnly: _unread, ...kept } = state
  return kept
}
