/** The properties of `Value` that have a value. */
export type Defined<Value extends object> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }

/** Omits keys whose value is undefined: an option that is set to `undefined` is not the same as an absent one. */
export function definedOf<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Defined<Value>
}
