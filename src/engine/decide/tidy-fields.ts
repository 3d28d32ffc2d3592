/**
 * Keeps the stored state of a member in line with the definition: a field that the system no longer maps is forgotten, so that it starts without a
 * base when it is mapped again, and write-only fields are told from readable ones.
 *
 * Otherwise a full run, which compares everything a record shows with everything that was absorbed, would find the record changed every time.
 */
import type { EntitySystem } from '../../model/integration.ts'
import type { MemberField, MemberFields } from '../../model/state.ts'

/** Returns the same object when nothing changes. */
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
