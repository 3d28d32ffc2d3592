/**
 * Broken merges: each mutant leaves one rule out. A suite that doesn't detect them proves nothing about the real merge.
 *
 * They wrap the production steps, so that the product has no switch for them.
 */
import type { Entity } from '../../src/model/integration.ts'
import type { MergeDecision, MergeInput, MergeMember } from '../../src/model/merge/contract.ts'
import type { MemberField, MemberFields } from '../../src/model/state.ts'
import { type MergeSteps, productionSteps } from './merge-world.ts'

const { mergeRecord, absorbOutcome, openIntentFields } = productionSteps

function mapFields(
  fields: MemberFields,
  map: (state: MemberField, name: string) => MemberField,
): MemberFields {
  return Object.fromEntries(Object.entries(fields).map(([name, state]) => [name, map(state, name)]))
}

function withMembers(input: MergeInput, map: (member: MergeMember) => MergeMember): MergeInput {
  return { ...input, members: new Map([...input.members].map(([system, member]) => [system, map(member)])) }
}

/** Every system counts as knowing the agreed values: no edit is ever concurrent. */
const noAcknowledgement: MergeSteps = {
  ...productionSteps,
  mergeRecord: (input) =>
    mergeRecord(
      withMembers(input, (member) => ({
        ...member,
        fields: mapFields(member.fields, (state, name) => ({
          ...state,
          acked: input.fields[name]?.rev ?? state.acked,
        })),
      })),
    ),
}

/** Coerced forms of our values are not recognised: no coercion is known for content hashes. */
const noCoercion: MergeSteps = {
  ...productionSteps,
  mergeRecord: (input) => mergeRecord({ ...input, entity: opaque(input.entity) }),
}

const opaqueEntities = new WeakMap<Entity, Entity>()

function opaque(entity: Entity): Entity {
  const known = opaqueEntities.get(entity)
  if (known !== undefined) return known
  const fields = [...entity.fields].map(
    ([name, field]) => [name, { ...field, type: { kind: 'blob' } }] as const,
  )
  const made: Entity = { ...entity, fields: new Map(fields) }
  opaqueEntities.set(entity, made)
  return made
}

/** The outcome of a write is not absorbed. */
const noShadow: MergeSteps = {
  ...productionSteps,
  absorbOutcome: (_part, fields) => ({ fields, coerced: [], unverified: false }),
}

/** Own writes are not remembered. */
const noOwnWrites: MergeSteps = {
  ...productionSteps,
  openIntentFields: (part, fields, write) =>
    mapFields(openIntentFields(part, fields, write), ({ own: _own, ...state }) => state),
}

/** Own writes are forgotten at the first observation instead of on evidence. */
const noEvidence: MergeSteps = {
  ...productionSteps,
  mergeRecord: (input) => mergeRecord(withMembers(input, (member) => ({ ...member, settleMs: -1e9 }))),
}

/** The whole response is absorbed, not only the written fields. */
const swallowResponse: MergeSteps = {
  ...productionSteps,
  absorbOutcome: (part, fields, planned, answer) => {
    const absorbed = absorbOutcome(part, fields, planned, answer)
    const swallowed = mapFields(absorbed.fields, (state, name) => {
      const shadow = answer.stored?.[name]
      return shadow === undefined ? state : { ...state, shadow }
    })
    return { ...absorbed, fields: swallowed }
  },
}

/** An older own value that resurfaces does not lower the acknowledged revision. */
const noLowering: MergeSteps = {
  ...productionSteps,
  mergeRecord: (input): MergeDecision => {
    const decision = mergeRecord(input)
    const members = [...decision.members].map(([system, fields]) => {
      const before = input.members.get(system)?.fields ?? {}
      const kept = mapFields(fields, (state, name) => ({
        ...state,
        acked: Math.max(state.acked, before[name]?.acked ?? 0),
      }))
      return [system, kept] as const
    })
    return { ...decision, members: new Map(members) }
  },
}

/** Nothing stops two systems that rewrite every write. */
const noBreaker: MergeSteps = {
  ...productionSteps,
  mergeRecord: (input) =>
    mergeRecord({ ...input, entity: { ...input.entity, oscillationLimit: Number.MAX_SAFE_INTEGER } }),
}

export const mergeMutants = {
  noAcknowledgement,
  noCoercion,
  noShadow,
  noOwnWrites,
  noEvidence,
  swallowResponse,
  noLowering,
  noBreaker,
} satisfies Record<string, MergeSteps>
