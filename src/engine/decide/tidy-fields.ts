/**
 * What is kept of a member follows the definition: a field that the system takes no part in any more is forgotten, so that it comes back
 * without a base, and one that can't be read is told from one that can.
 *
 * Otherwise a full run, which compares all that a record shows with all that was absorbed, would find it changed each time, for ever.
 */
import type { EntitySystem } from '../../model/integration.ts'
import type { MemberField, MemberFields } from '../../model/state.ts'

/** The same object when nothing is to be tidied. */
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
