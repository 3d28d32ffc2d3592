/**
 * Rejects retired words, so that each concept keeps the name from the glossary.
 *
 * A retired word is searched in the TypeScript sources and the pages, as a whole identifier or as a part of one (`nativeRid`). `in` restricts the files
 * in which it is rejected, `except` excludes files in which it means something else: a table column, a word of another system's API.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

interface RetiredWord {
  readonly word: RegExp
  readonly instead: string
  readonly in?: RegExp
  readonly except?: RegExp
}

const retired: readonly RetiredWord[] = [
  {
    word: /\b(rids?|\w+Rids?)\b/,
    instead: 'nativeId',
    except: /^src\/store\/(postgres|memory|documents|merge-plan)|^bench\/guard|^test\/upgrade\/|glossary/,
  },
  { word: /\b\w+(?<!Lookup|Kept)Answer\b|\b(?!LookupAnswers)\w+Answers\b/, instead: 'Response' },
  { word: /\b(sightings?|Sighting)\b/, instead: 'observation' },
  { word: /\b(lookAt|lookAgain|LookAt)\b/, instead: 'observeMember, addNeed' },
  { word: /\b(mergeEqualReads|onlyReads|signalOfStop|createLife|stirred)\b/, instead: 'see the glossary' },
  { word: /\b(RightAnswer|NastyText|WakeBell|Patience)\b/, instead: 'see the glossary' },
  {
    word: /\b(PlaceLooks?|Look(Kind|Response|Input)|(note|last|first|claimed|next|Lens|absorbed)Looks?)\b/,
    instead: 'PlaceRead, observation, read',
  },
  { word: /\b(tellScope|tellStrangers)\b/, instead: 'assignScope' },
  { word: /\b(unusableResponse|bindEvents|bindMemoryWebhooks)\b/, instead: 'unusable, bindWebhooks' },
  { word: /\b(CSV|streamed) answer\b/, instead: 'response' },
  { word: /\b(refute|unproved)\b/, instead: 'fail, skipped', in: /conformance|certify/ },
  {
    word: /\b(const|let|readonly|function) told\b|\.told\b|\b(isTold|wasTold|toldAt)\b/,
    instead: 'reported, emitted',
    // Names within stored documents.
    except: /^src\/(store\/documents|connectors\/salesforce\/operations\/changes)\.ts$/,
  },
  { word: /\b(Cast|cast\.ts|acts\.ts|TwinSystem|TwinWorld|ListLie)\b/, instead: 'see the glossary' },
]

const root = path.resolve(import.meta.dirname, '..')
const ownPath = path.relative(root, import.meta.filename)

function filesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(folder, file))
    .filter((file) => /\.(ts|md)$/.test(file) && !file.includes('node_modules') && file !== ownPath)
}

const problems = ['src', 'test', 'bench', 'scripts', 'examples', 'docs'].flatMap(filesIn).flatMap((file) => {
  const words = retired.filter(
    ({ in: only, except }) => (only === undefined || only.test(file)) && except?.test(file) !== true,
  )
  return readFileSync(path.join(root, file), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      words.flatMap(({ word, instead }) => {
        const found = word.exec(line)?.[0]
        return found === undefined ? [] : [`${file}:${index + 1}: "${found}" is retired; use ${instead}`]
      }),
    )
})
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log('words hold')
