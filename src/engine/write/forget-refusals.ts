/** Refused values that may be sent again. */
import type { Member, MemberField } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { updateMember } from '../pass/pass.ts'

/** All refusals of the member: what was refused together is sent together again. */
export function forgetRefusals(pass: Pass, member: Member): void {
  const fields = Object.entries(member.fields).map(([name, state]): [string, MemberField] => {
    const { rejected: _rejected, ...kept } = state
    return [name, kept]
  })
  updateMember(pass, { system: member.system, fields: Object.fromEntries(fields) })
}
