/** What is said of a REST route: in words, and in schemas that tests hold its answers to. */
import type { ProblemName } from '../plugins/problem-types.ts'

/** Of JSON Schema 2020-12, what these descriptions use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minLength?: number
  readonly maxLength?: number
  readonly $ref?: string
}

export interface Operation {
  readonly tag: 'Authentication' | 'Health' | 'GraphQL' | 'About'
  /** One line. */
  readonly summary: string
  readonly description?: string
  /** Whose bearer token it takes; default: none. */
  readonly access?: 'user'
  /** Whether `X-Tenant-ID` says whose. */
  readonly namesTenant?: true
  readonly query?: Readonly<Record<string, Schema>>
  /** As JSON. */
  readonly body?: Schema
  readonly answers: Readonly<Record<number, Answer>>
  /** How it may refuse, beside what any route may (`common`), any that takes a body, or any that takes a token. */
  readonly problems?: readonly ProblemName[]
}

export interface Answer {
  readonly description: string
  /** Of each media type that it may have; undefined where there is no body. */
  readonly content?: Readonly<Record<string, Schema | undefined>>
}
