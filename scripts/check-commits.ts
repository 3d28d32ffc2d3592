/**
 * Checks the subjects of commits: `area: imperative subject`, at most 72 characters, no full stop at the end.
 *
 * `npm run commits` checks commits that `origin/main` doesn't have, or the last commit if there is nothing to compare with. A range may be passed
 * instead: `npm run commits -- v1.2.0..HEAD`. Merge commits are skipped.
 */
import { spawnSync } from 'node:child_process'

const subjectMax = 72
const commitsMax = 1_000
const shape = /^[a-z0-9][a-z0-9 ,/.-]*: \S.*[^.\s]$/

function git(...parameters: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', parameters, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function rangeToCheck(): readonly string[] {
  const [given] = process.argv.slice(2)
  if (given !== undefined) return [given]
  const ahead = git('rev-list', '--count', 'origin/main..HEAD')
  return ahead === undefined || ahead === '0' ? ['-1', 'HEAD'] : ['origin/main..HEAD']
}

function problemOf(subject: string): string | undefined {
  if (subject.length > subjectMax) return `${subject.length} characters, at most ${subjectMax} are allowed`
  if (!shape.test(subject)) return 'not of the form "area: imperative subject"'
  return undefined
}

const log = git('log', '--no-merges', `--max-count=${commitsMax}`, '--format=%h %s', ...rangeToCheck())
if (log === undefined) {
  console.log('commit subjects: not checked, this is no git repository or the range does not exist')
  process.exit(process.argv.length > 2 ? 1 : 0)
}
const lines = log.split('\n').filter((line) => line !== '')
const problems = lines.flatMap((line) => {
  const problem = problemOf(line.slice(line.indexOf(' ') + 1))
  return problem === undefined ? [] : [`${line}\n  ${problem}`]
})
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`commit subjects hold: ${lines.length} checked`)
