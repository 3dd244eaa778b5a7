/** A numbered step of the schema. Its statements can be repeated: a step that was cut short is run again. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}
