/** What `isthmus init` says about how records are recognised, in the file and on the screen. */

export interface PlannedMatch {
  /** Fields of each rule. */
  readonly rules: readonly (readonly string[])[]
  /** Fields whose names look like a key, without evidence that they are one. */
  readonly perhaps: readonly string[]
  readonly systems: readonly string[]
  /** Why the rules may be wrong. */
  readonly doubt?: string | undefined
}

/** The lines above `match` in the definition. */
export function matchComments({ rules, perhaps, systems, doubt }: PlannedMatch): readonly string[] {
  if (rules.length > 0)
    return [
      'how records that several systems hold are recognised as the same: it has to be unique in each system',
      ...(doubt === undefined ? [] : [`check: ${doubt}`]),
    ]
  const [first] = perhaps
  const there = systems.join(' and ')
  return [
    `check: no field is known to be unique in ${there}, so nothing is matched, and what several of them hold already`,
    'would be created a second time. If a field, or several together, are unique in each, name them instead of never,',
    ...(first === undefined
      ? ['as in [{ exact: [<field>] }].']
      : [
          `as in [{ exact: [${first}] }].${perhaps.length > 1 ? ` By their names: ${perhaps.join(', ')}.` : ''}`,
        ]),
  ]
}

/** One line for the screen. */
export function matchSummary({ rules, perhaps, systems, doubt }: PlannedMatch): string {
  if (rules.length > 0)
    return `matched by ${rules.map((rule) => rule.join(' and ')).join(', else by ')}${doubt === undefined ? '' : ` (${doubt})`}`
  const hint = perhaps.length === 0 ? '' : `; unique by their names, perhaps: ${perhaps.join(', ')}`
  return `match: never, since no field is known to be unique in ${systems.join(' and ')}: what several of them hold would be created a second time. Name a unique field with --match, or in the file${hint}`
}

/** The rules for machines: fields of a rule by commas, rules by semicolons; null for none. */
export function matchText(rules: PlannedMatch['rules']): string | null {
  return rules.length === 0 ? null : rules.map((rule) => rule.join(',')).join(';')
}
