/** What a module of descriptions says of a route: the words, and which types of the contract it takes and answers with. */

/** Of JSON Schema 2020-12, what descriptions use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
}

export interface Operation {
  /** One line. */
  readonly summary: string
  /** What else there is to know. */
  readonly description?: string
  /** A type of the contract whose properties are the parameters of the query string. */
  readonly query?: string
  /** Properties of it that this route does not take. */
  readonly without?: readonly string[]
  /** Parameters beside those, or instead of them. */
  readonly parameters?: readonly Parameter[]
  readonly body?: Content
  /** By status. Errors that every route of its API may answer with need not be said. */
  readonly answers: Readonly<Record<number, Content>>
  /** Whom it is for, when tokens are configured. Default `read`. */
  readonly access?: 'public' | 'ingest' | 'admin'
}

export interface Parameter {
  readonly name: string
  readonly description: string
  readonly schema: Schema
  readonly required?: boolean
}

export interface Content {
  readonly description: string
  /** Default `application/json`. Several have the same meaning, the first the schema. */
  readonly types?: readonly string[]
  /** A type of the contract, or a schema; undefined where there is no body, or where it is no JSON. */
  readonly schema?: string | Schema
}

/** Operations of one topic by route, as Fastify has it: `GET /api/lens/traces/:traceId`. */
export interface Topic {
  readonly name: string
  readonly description: string
  /** How its errors look. */
  readonly errors: 'problem' | 'jaeger' | 'jaeger-v3' | 'none'
  readonly operations: Readonly<Record<string, Operation>>
}
