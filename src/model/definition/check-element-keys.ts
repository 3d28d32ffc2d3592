/** The `key` of sets and lists, at any depth of a type: it names parts that can identify the elements. */
import type { FieldType } from '../values.ts'
import { type DefinitionPath, problem } from './finding.ts'
import { suggestion } from './nearest.ts'
import type { Report } from './report.ts'

const compound: ReadonlySet<FieldType['kind']> = new Set(['group', 'set', 'list', 'money', 'localDateTime'])

/** Reports keys that name nothing, or something other than a plain value. */
export function checkElementKeys(type: FieldType, at: DefinitionPath, report: Report): void {
  if (type.kind === 'group') {
    for (const [name, part] of Object.entries(type.fields))
      checkElementKeys(part, [...at, 'fields', name], report)
    return
  }
  if (type.kind !== 'set' && type.kind !== 'list') return
  for (const name of type.key ?? []) checkKey(name, type.of, [...at, 'key'], report)
  checkElementKeys(type.of, [...at, 'of'], report)
}

function checkKey(name: string, of: FieldType, at: DefinitionPath, report: Report): void {
  if (of.kind !== 'group') {
    const hint = 'leave key out: such an element is its own key'
    report(problem('policy', at, `elements of type ${of.kind} have no parts`, hint))
    return
  }
  const part = Object.hasOwn(of.fields, name) ? of.fields[name] : undefined
  if (part === undefined) {
    const hint = suggestion(name, Object.keys(of.fields))
    report(problem('unknown-name', at, `the elements have no part ${name}`, hint))
  } else if (compound.has(part.kind)) {
    report(
      problem(
        'policy',
        at,
        `${name} is a ${part.kind}, which can't be a key`,
        'name a part that is one plain value',
      ),
    )
  }
}
