/** A value in a configuration file, read as what it should be. What is something else is noted with its place, and counts as not there. */
import type { Document, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'

export interface Sources {
  readonly yaml: typeof import('yaml')
  readonly document: Document
  readonly problems: string[]
  /** `file:line:column` */
  place(node: Pick<Node, 'range'>): string
}

export class FileNode {
  readonly #sources: Sources
  readonly #node: Node
  /** As a reader would say it: `tracer_provider.processors[0].batch`. */
  readonly path: string

  constructor(sources: Sources, node: unknown, path: string) {
    this.#sources = sources
    this.#node = resolve(sources, node as Node)
    this.path = path
  }

  get place(): string {
    return this.#sources.place(this.#node)
  }

  get isMapping(): boolean {
    return this.#sources.yaml.isMap(this.#node)
  }

  /** Notes what is wrong here. */
  problem(what: string): void {
    this.#sources.problems.push(`${this.place}: ${this.path === '' ? 'it' : this.path} ${what}`)
  }

  /** The value of a key as it is, for the little that must be known first. */
  raw(key: string): unknown {
    return (this.#node as YAMLMap).get(key)
  }

  /** Of a key's value, or of this where there is none. */
  placeOf(key: string): string {
    const node = this.isMapping ? (this.#node as YAMLMap).get(key, true) : undefined
    return node === undefined ? this.place : this.#sources.place(node)
  }

  /** The values of these keys, those that are there and not null; any other key is a problem. */
  mapping<K extends string>(known: readonly K[]): Partial<Record<K, FileNode>> {
    const entries = this.#entries()
    const names = entries.map(({ key }) => key).filter((key) => !(known as readonly string[]).includes(key))
    for (const { key, node } of entries) {
      if (names.includes(key)) node.problem(`is not known here: ${known.join(', ')} are`)
    }
    const found = entries.filter(({ key, node }) => !names.includes(key) && !node.isNull)
    return Object.fromEntries(found.map(({ key, node }) => [key, node])) as Partial<Record<K, FileNode>>
  }

  /** The one key of a mapping that has one, with its value, which may be null: `batch: …`, `always_on:`. */
  variant(): { readonly key: string; readonly node: FileNode } | undefined {
    const [only, ...others] = this.#entries()
    if (only !== undefined && others.length === 0) return only
    if (this.isMapping) this.problem('must have one key')
    return undefined
  }

  /** All keys with their values. */
  entries(): readonly { readonly key: string; readonly node: FileNode }[] {
    return this.#entries()
  }

  list(): readonly FileNode[] {
    const { yaml } = this.#sources
    if (yaml.isSeq(this.#node)) {
      return (this.#node as YAMLSeq).items.map(
        (item, i) => new FileNode(this.#sources, item, `${this.path}[${i}]`),
      )
    }
    if (!this.isNull) this.problem('must be a list')
    return []
  }

  get isNull(): boolean {
    const { yaml } = this.#sources
    return this.#node === null || (yaml.isScalar(this.#node) && (this.#node as Scalar).value === null)
  }

  text(): string | undefined {
    const value = this.scalar()
    if (typeof value === 'string' || value === undefined) return value
    this.problem(`must be text, not ${JSON.stringify(value)}; quote it`)
    return undefined
  }

  boolean(): boolean | undefined {
    const value = this.scalar()
    if (typeof value === 'boolean' || value === undefined) return value
    this.problem(`must be true or false, not ${JSON.stringify(value)}`)
    return undefined
  }

  number(min: number, max = Number.POSITIVE_INFINITY, integer = true): number | undefined {
    const value = this.scalar()
    if (value === undefined) return undefined
    if (typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))) {
      return value
    }
    const range = max === Number.POSITIVE_INFINITY ? `from ${min}` : `from ${min} to ${max}`
    this.problem(`must be ${integer ? 'a whole number' : 'a number'} ${range}, not ${JSON.stringify(value)}`)
    return undefined
  }

  choice<T extends string>(choices: readonly T[]): T | undefined {
    const value = this.scalar()
    const found = choices.find((choice) => choice === value)
    if (found === undefined && value !== undefined) {
      this.problem(`must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`)
    }
    return found
  }

  /** Undefined for null. */
  scalar(): string | number | boolean | undefined {
    if (this.isNull) return undefined
    if (this.#sources.yaml.isScalar(this.#node))
      return (this.#node as Scalar).value as string | number | boolean
    this.problem('must be a single value')
    return undefined
  }

  #entries(): { key: string; node: FileNode }[] {
    if (this.isMapping) {
      return (this.#node as YAMLMap).items.map(({ key, value }) => {
        const name = String((key as Scalar).value ?? key)
        // A key without anything behind it has no node: its place is the key's.
        const node =
          value ?? Object.assign(new this.#sources.yaml.Scalar(null), { range: (key as Scalar).range })
        return {
          key: name,
          node: new FileNode(this.#sources, node, this.path === '' ? name : `${this.path}.${name}`),
        }
      })
    }
    if (!this.isNull) this.problem('must be a mapping')
    return []
  }
}

/** An alias stands for what it names, if it names something. */
function resolve({ yaml, document, problems, place }: Sources, node: Node): Node {
  if (!yaml.isAlias(node)) return node
  const named = node.resolve(document)
  if (named !== undefined) return named
  problems.push(`${place(node)}: *${node.source} names nothing`)
  const nothing: Node = new yaml.Scalar(null)
  if (node.range !== undefined) nothing.range = node.range
  return nothing
}
