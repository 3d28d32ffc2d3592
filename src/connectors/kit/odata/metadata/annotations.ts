/**
 * Annotations of V4 (and of V2 services that carry both): the few terms that describe what may be written.
 */
import type { XmlElement } from './xml.ts'

/** Finds the terms of an element: those inside it, and those that a schema applies to it from outside. */
export interface TermReader {
  /** Terms by their short name: `Label`, `Computed`, `InsertRestrictions.Insertable`. */
  of(targets: readonly string[], element: XmlElement): ReadonlyMap<string, string>
}

/** Collects the `Annotations` of all schemas. */
export function annotationsOf(schemas: readonly XmlElement[]): TermReader {
  const outside = new Map<string, Map<string, string>>()
  for (const schema of schemas) {
    for (const group of schema.children.Annotations ?? []) {
      const target = group.attributes.Target ?? ''
      const terms = outside.get(target) ?? new Map<string, string>()
      collect(terms, group)
      outside.set(target, terms)
    }
  }
  return {
    of(targets, element) {
      const terms = new Map<string, string>()
      for (const target of targets)
        for (const [name, value] of outside.get(target) ?? []) terms.set(name, value)
      collect(terms, element)
      return terms
    },
  }
}

/** A term with a qualifier is for a specific consumer; a term without a value is true. */
function collect(terms: Map<string, string>, holder: XmlElement): void {
  for (const annotation of holder.children.Annotation ?? []) {
    const { Term = '', Qualifier } = annotation.attributes
    if (Qualifier !== undefined) continue
    const name = Term.split('.').at(-1) ?? ''
    terms.set(name, textOf(annotation) ?? 'true')
    for (const record of annotation.children.Record ?? []) {
      for (const property of record.children.PropertyValue ?? []) {
        const value = textOf(property)
        if (value !== undefined) terms.set(`${name}.${property.attributes.Property}`, value)
      }
    }
  }
}

/** `EnumMember` names its value with the type before a slash: `Common.FieldControlType/ReadOnly`. */
function textOf({ attributes }: XmlElement): string | undefined {
  return attributes.Bool ?? attributes.String ?? attributes.EnumMember?.split('/').at(-1)
}
