// biome-ignore-all format: one thought per line keeps the whole of it on one screen.
// biome-ignore-all lint/suspicious/noExplicitAny: spelled-out types would hide the rules.
/** A second merge, derived from the rules and not from the code, simple and slow: all but `sum`, `function`, creates and the lifecycle of a hold. */
import { isRecognisedCoercion } from '../../src/model/coercion.ts'
import type { MergeInput } from '../../src/model/merge/contract.ts'

type Any = any
export function referenceMerge(input: MergeInput) {
  const out: Any = { rev: input.rev, fields: {}, states: {}, conflicts: [], writes: {} }
  const json = JSON.stringify
  const empty = (v: Any) => v == null || v === '' || json(v) === '[]'
  for (const [f, field] of input.entity.fields) {
    let agreed: Any = input.fields[f] ?? { value: undefined, rev: 0, src: 'merge', at: 0 }
    const parts = [...input.entity.systems.values()].filter((p) => p.fields.has(f) && input.members.has(p.system))
    const norm = (p: Any, v: Any) => p.fields.get(f).normalise(v ?? null)
    const eq = (p: Any, a: Any, b: Any) => json(norm(p, a)) === json(norm(p, b))
    const coerced = (sent: Any, got: Any) => isRecognisedCoercion(sent, got, field.type) !== undefined
    const state: Any = Object.fromEntries(parts.map((p) => [p.system, { acked: 0, ...input.members.get(p.system)?.fields[f] }]))
    const seen = parts.filter((p) => p.fields.get(f)?.readable && input.observations.get(p.system)?.unknown.has(f) === false)
    const value = (p: Any): Any => input.observations.get(p.system)?.values[f]
    const absorb = (m: Any, o: Any) => { for (const k of ['shadow', 'shadowAbsent', 'provisional', 'coerced', 'replaced', 'notStored']) delete m[k]; if (o === undefined) m.shadowAbsent = true; else m.shadow = o }
    const right = (p: Any) => (p.direction === 'target' ? 'one-way' : field.owner !== undefined && field.owner !== p.system ? 'owner' : p.fields.get(f).neverOrigin ? 'poorer' : 'allowed')
    const real: Any[] = [], said: Any[] = []
    for (const p of seen) {
      const m = state[p.system], o = value(p), base = m.shadow !== undefined || m.shadowAbsent
      const own = m.own?.findLast((w: Any) => eq(p, o, w.value) || coerced(w.value, o))
      const look = input.observations.get(p.system) as Any, sent = (m.own ?? []).map((w: Any) => w.notAfter)
      const flying = m.provisional !== undefined && sent.length > 0 && look.at <= Math.max(...sent) + (input.members.get(p.system)?.settleMs ?? 0)
      const edited = m.replaced?.version !== undefined && look.version !== undefined && m.replaced.version !== look.version
      const old = m.replaced && !edited && (empty(o) ? empty(m.replaced.value) && !empty(m.shadow) : eq(p, o, m.replaced.value))
      const moved = look.version !== undefined && m.replaced?.versionBefore !== undefined && look.version !== m.replaced.versionBefore, form = coerced(m.shadow, o)
      const wrote = Math.max(m.acked, m.provisional ?? 0)
      if (base && eq(p, o, m.shadow)) { m.acked = wrote; for (const k of ['provisional', 'replaced', 'notStored']) delete m[k] }
      else if (eq(p, o, agreed.value)) { absorb(m, o); m.acked = agreed.rev }
      else if (old && flying) continue
      else if (old && !(form && moved) && m.notStored !== wrote) { const acked = m.replaced.acked; absorb(m, o); m.acked = acked; m.notStored = wrote }
      else if (old && !form) { const acked = m.replaced.acked; absorb(m, o); m.acked = acked; m.rejected = { rev: wrote, version: input.version } }
      else if ((m.provisional !== undefined || m.replaced) && form) { absorb(m, o); m.acked = wrote; m.coerced = true }
      else if (own) { absorb(m, o); m.acked = own.rev; if (!eq(p, o, own.value)) m.coerced = true }
      else if (!base && empty(o)) { if (o != null && agreed.rev === 0 && right(p) === 'allowed') said.push(p); absorb(m, o); if (empty(agreed.value)) { m.acked = agreed.rev; if (agreed.rev > 0) m.coerced = true } }
      else { real.push({ p, system: p.system, v: o, base: m.shadow, at: input.observations.get(p.system)?.changedAt, concurrent: base ? m.acked < agreed.rev && (m.provisional !== agreed.rev || flying) : !empty(agreed.value) }); absorb(m, o) }
    }
    // A write of ours that nothing has shown yet may replace the value that is shown.
    const overtaken = (p: Any) => { const m = state[p.system]; return (m.provisional !== undefined || m.replaced) && (m.shadow !== undefined || m.shadowAbsent) && !eq(p, m.shadow, agreed.value) }
    const decide = (next: Any) => { out.rev += 1; agreed = { ...next, rev: out.rev }; for (const p of seen) if (eq(p, value(p), agreed.value) && !overtaken(p)) state[p.system].acked = out.rev }
    let origins = real.filter((r) => right(r.p) === 'allowed')
    if (origins.length === 0 && agreed.rev === 0) origins = real.filter((r) => right(r.p) === 'poorer')
    const refused = real.filter((r) => !origins.includes(r))
    if (origins.length > 0) {
      const all = [...origins]
      if (origins.some((r) => r.concurrent)) all.push({ system: 'agreed', v: agreed.value, at: agreed.changedAt, src: agreed.src })
      const partOf = (c: Any) => parts.find((p) => p.system === (c.src ?? c.system))
      const covers = (w: Any) => all.every((c) => c === w || (partOf(c) ? eq(partOf(c), c.v, w.v) : json(c.v ?? null) === json(w.v ?? null)))
      const names = [...input.entity.systems.keys()], policy = field.policy as Any
      const rank = (c: Any) => { const s = c.src ?? c.system, r = (policy.rank ?? []).indexOf(s); if (s === 'person') return -1; const n = r >= 0 ? r : 100 + (names.includes(s) ? names.indexOf(s) : 50); return n + (c.system === 'agreed' ? 0.5 : 0) }
      const newest = [...all].sort((a, b) => b.at - a.at)[0]
      const clear = all.every((c) => c.at !== undefined) && all.every((c) => c === newest || json(c.v ?? null) === json(newest.v ?? null) || c.at < newest.at - policy.skewMs)
      let win: Any = all.find(covers)
      if (!win) {
        out.conflicts.push([f, ...all.map((c) => c.v)])
        if (field.owner !== undefined) win = all.find((c) => c.system === field.owner)
        win ??= policy.kind === 'latest' && clear ? newest : [...all].sort((a, b) => rank(a) - rank(b))[0]
        if (field.owner === undefined && policy.kind === 'manual') win = undefined
        if (field.owner === undefined && policy.kind === 'union') {
          const set = (v: Any): string[] => v ?? [], added = origins.flatMap((r) => set(r.v).filter((x) => !set(r.base).includes(x))), gone = origins.flatMap((r) => set(r.base).filter((x) => !set(r.v).includes(x)))
          win = { system: 'merge', v: [...new Set([...set(agreed.value), ...added])].filter((x) => !gone.includes(x)).sort() }
        }
      }
      if (!win) agreed = { ...agreed, heldBy: 'new' }
      else decide(win.system === 'agreed' ? agreed : { value: win.v, src: win.system })
    }
    if (agreed.heldBy !== undefined) for (const r of refused) state[r.system].acked = 0
    const poorer = (r: Any) => right(r.p) === 'poorer' && coerced(agreed.value, r.v)
    for (const r of refused) if (agreed.heldBy === undefined && agreed.rev > 0 && !eq(r.p, r.v, agreed.value) && poorer(r)) { state[r.system].acked = agreed.rev; state[r.system].coerced = true }
    const over = refused.filter((r) => agreed.heldBy === undefined && agreed.rev > 0 && !eq(r.p, r.v, agreed.value) && !poorer(r))
    if (over.length > 0) out.conflicts.push([f, ...over.map((r) => r.v), agreed.value])
    if (over.some((r) => state[r.system].acked >= agreed.rev)) decide(agreed)
    if (said.length > 0 && agreed.rev === 0 && agreed.heldBy === undefined) {
      decide({ value: value(said[0]), src: said[0].system })
      for (const p of parts) {
        const m = state[p.system], look = input.observations.get(p.system)
        const nothing = look ? !look.unknown.has(f) && empty(value(p)) : (m.shadow !== undefined || m.shadowAbsent) && empty(m.shadow) && m.provisional === undefined && !m.replaced && m.own === undefined
        if (nothing && p.fields.get(f)?.readable && m.acked < agreed.rev) { m.acked = agreed.rev; m.coerced = true }
      }
    }
    for (const p of parts) {
      const m = state[p.system], member = input.members.get(p.system) as Any, look = input.observations.get(p.system)
      if (agreed.rev === 0 || agreed.heldBy !== undefined || m.acked >= agreed.rev || member.state !== 'linked' || !look || look.unknown.has(f)) continue
      const pending = m.provisional !== undefined || m.replaced || (m.own ?? []).some((w: Any) => !eq(p, w.value, agreed.value))
      const known = p.fields.get(f)?.readable ? { v: value(p) } : (m.shadow !== undefined || m.shadowAbsent) && !pending ? { v: m.shadow } : undefined
      if (known && eq(p, known.v, agreed.value) && !(p.fields.get(f)?.readable && overtaken(p))) { m.acked = agreed.rev; continue }
      if (p.direction === 'source' || !member.writable || !p.fields.get(f)?.writable || m.hold || m.provisional === agreed.rev) continue
      if (m.rejected?.rev !== agreed.rev) out.writes[p.system] = { ...out.writes[p.system], [f]: [norm(p, agreed.value), agreed.rev] }
    }
    Object.assign(out, { fields: { ...out.fields, [f]: agreed }, states: { ...out.states, [f]: state } })
  }
  return out
}
