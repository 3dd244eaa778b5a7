/**
 * Refuses documents whose shape alone is an attack (deep, full of aliases or directives, fragments that multiply), right after
 * parsing: validation itself costs more than linear time, so it must not see them. Fragments are measured once, and
 * so the check is linear in the document whatever they multiply to.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type ParseOptions,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { limitExceeded } from './errors.ts'

/** For the parser. GraphiQL's introspection query, the largest that we expect, has about 250 tokens in 1,600 characters. */
export const PARSE_LIMITS: ParseOptions = {
  maxLexicalTokens: 2_000,
  maxSourceLength: 20_000,
  maxComments: 500,
}

export const MAX_DEPTH = 10
export const MAX_ALIASES = 20
export const MAX_DIRECTIVES = 20

interface Shape {
  readonly depth: number
  readonly aliases: number
  readonly directives: number
}

const EMPTY: Shape = { depth: 0, aliases: 0, directives: 0 }

/** Throws a GraphQLError that names the limit. */
export function checkDocumentLimits(document: DocumentNode): void {
  const measure = new ShapeMeasure(document)
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const shape = measure.of(definition)
    if (shape.depth > MAX_DEPTH) throw limitExceeded('depth', MAX_DEPTH, shape.depth)
    if (shape.aliases > MAX_ALIASES) throw limitExceeded('alias', MAX_ALIASES, shape.aliases)
    if (shape.directives > MAX_DIRECTIVES) throw limitExceeded('directive', MAX_DIRECTIVES, shape.directives)
  }
}

class ShapeMeasure {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #measured = new Map<string, Shape>()

  constructor(document: DocumentNode) {
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]))
  }

  of(node: { selectionSet: SelectionSetNode; directives?: readonly unknown[] | undefined }): Shape {
    let { depth, aliases, directives } = EMPTY
    directives += node.directives?.length ?? 0
    for (const selection of node.selectionSet.selections) {
      const shape = this.#ofSelection(selection)
      depth = Math.max(depth, shape.depth)
      aliases += shape.aliases
      directives += shape.directives
    }
    return { depth, aliases, directives }
  }

  #ofSelection(selection: SelectionNode): Shape {
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.of(selection)
    if (selection.kind === Kind.FRAGMENT_SPREAD)
      return this.#ofSpread(selection.name.value, selection.directives)

    const own = {
      aliases: selection.alias === undefined ? 0 : 1,
      directives: selection.directives?.length ?? 0,
    }
    // Introspection is bounded by graphql-js's own rule, and switched off in production.
    if (selection.name.value.startsWith('__')) return { depth: 1, ...own }
    const inner =
      selection.selectionSet === undefined ? EMPTY : this.of({ selectionSet: selection.selectionSet })
    return {
      depth: inner.depth + 1,
      aliases: inner.aliases + own.aliases,
      directives: inner.directives + own.directives,
    }
  }

  #ofSpread(name: string, directives: readonly unknown[] | undefined): Shape {
    const shape = this.#ofFragment(name)
    return { ...shape, directives: shape.directives + (directives?.length ?? 0) }
  }

  /** A fragment that is still being measured is a cycle; it counts as empty here, and validation reports it. */
  #ofFragment(name: string): Shape {
    const known = this.#measured.get(name)
    if (known !== undefined) return known
    const fragment = this.#fragments.get(name)
    if (fragment === undefined) return EMPTY
    this.#measured.set(name, EMPTY)
    const shape = this.of(fragment)
    this.#measured.set(name, shape)
    return shape
  }
}
