import type { SchemaDialect } from './dialect.ts'

/**
 * A numbered step of the schema. Its statements can be repeated: a step that was cut short is run again. They are asked for in the dialect of
 * the store; a statement on no table's definition (`INSERT INTO new SELECT … FROM old`) is the same in all and needs none.
 */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: (schema: SchemaDialect) => readonly string[]
}
