/** The metadata of a service (`$metadata`), in one form for OData V2 and V4. */

/** The protocol's major version, as stated in `$metadata`. */
export type ProtocolVersion = 2 | 4

/** One service. */
export interface ServiceModel {
  readonly version: ProtocolVersion
  /** By name. */
  readonly sets: ReadonlyMap<string, EntitySet>
  /** Entity and complex types, by their full name and by the alias of their schema. */
  readonly types: ReadonlyMap<string, StructuredType>
}

/** One entity set: something that a definition can name as a resource. */
export interface EntitySet {
  readonly name: string
  readonly label?: string
  readonly type: StructuredType
  readonly creatable: boolean
  readonly updatable: boolean
  readonly deletable: boolean
}

/** An entity type, or a complex type, which has no key. */
export interface StructuredType {
  readonly name: string
  /** Names of the key properties, in order. */
  readonly key: readonly string[]
  readonly properties: ReadonlyMap<string, EdmProperty>
  readonly navigations: ReadonlyMap<string, EdmNavigation>
}

/** One property. */
export interface EdmProperty {
  readonly name: string
  /** `Edm.String`, or the full name of a complex type; without `Collection()`. */
  readonly type: string
  readonly isCollection: boolean
  readonly nullable: boolean
  readonly label?: string
  readonly maxLength?: number
  readonly precision?: number
  readonly scale?: number
  readonly creatable: boolean
  readonly updatable: boolean
  readonly filterable: boolean
  /** An `Edm.DateTime` of V2 that holds a day and no time (`sap:display-format="Date"`). */
  readonly isDay: boolean
}

/** A navigation from an entity to others. */
export interface EdmNavigation {
  readonly name: string
  /** Full name of the type at the other end. */
  readonly target: string
  readonly isMany: boolean
}
