/** The result of a run of the mutants, as text for the terminal and as the page in the documentation. */
import type { MutantRun, Verdict } from './mutants.ts'

export function lineOf(one: Verdict): string {
  const seed = one.seed === undefined ? '' : `seed ${one.seed}: `
  const how = one.violation === undefined ? '' : `\n          ${seed}${one.violation}`
  const skipped = one.notCounted.length === 0 ? '' : ` (not counted: ${one.notCounted.join(', ')})`
  return `${one.verdict.padEnd(9)} ${one.name.padEnd(16)} ${one.breaks}${skipped}${how}`
}

/** The page `docs/explanation/mutants.md`. */
export function mutantPage(
  verdicts: readonly Verdict[],
  { seeds }: Pick<MutantRun, 'seeds'>,
  day: string,
): string {
  const killed = verdicts.filter(({ verdict }) => verdict === 'killed').length
  const rows = verdicts.map((one) => `| ${cellsOf(one).map(escaped).join(' | ')} |`)
  return `${introduction}
\`\`\`sh
npm run simulate -- --mutants --seeds ${seeds} --markdown docs/explanation/mutants.md
\`\`\`

Run on ${day}: **${killed} of ${verdicts.length} killed** within ${seeds} seeds each.

| name | what is broken | kinds | verdict | seed | invariant | what the judge reported |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

const introduction = `# Mutants: does the simulation detect a broken engine?

A simulation without violations is meaningful only if it would have detected a mistake. Therefore the engine is broken deliberately, one protection
at a time, and each of these *mutants* runs with the same seeds as the unchanged engine until a seed shows a violation.

- **name**: \`npm run simulate -- --mutants --only NAME\` runs only this one.
- **what is broken**: the protection that the mutant lacks. Some are disabled in the simulated store, connectors or mappings
  (\`test/simulation/port-mutants.ts\`); the others replace one line of the engine when it is loaded (\`test/simulation/source-mutants.ts\`).
- **kinds**: the [circumstances](../../test/README.md#kinds-of-circumstances) that all seeds of this mutant had; empty means that each
  seed drew its own mix, as in a normal run.
- **verdict**: *killed* when a seed showed a violation that the unchanged engine does not show with the same seed and kinds; seeds that the
  unchanged engine fails are not counted. *survived* when no seed did, *crashed* when the mutant could not run, and *stale* when the line to be
  replaced is no longer there. Only the first is a success.
- **seed**: the first one that detected it.
- **invariant** and **what the judge reported**: the first violation of that seed. [Invariants](invariants.md) explains the numbers; \`SCOPE\` and
  \`GUARD\` are the filters and the mass-change guard of the definition.
`

function cellsOf(one: Verdict): readonly string[] {
  const [, invariant = '', message = ''] = /^([A-Z]+(?:-\d+)?): (.*)$/.exec(one.violation ?? '') ?? []
  return [
    `\`${one.name}\``,
    one.breaks,
    (one.kinds ?? '').split(',').join(', '),
    one.verdict,
    String(one.seed ?? ''),
    invariant,
    message,
  ]
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
