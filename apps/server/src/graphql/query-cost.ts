/**
 * How many field values an operation may ask for at most, known from its arguments before it runs: each field counts one, or what its
 * `cost` extension says where it takes a statement of its own, and everything inside a list counts `first` times. Checked just
 * before execution, because it needs the variables.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { limitExceeded } from './errors.ts'

/** A full page (100) of nodes with all their fields and their authors' costs about 1,700. */
const MAX_COST = 5_000

const PAGE_ARGUMENT = 'first'

export interface Operation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined
}

/** Throws a GraphQLError when the operation is too expensive. The document must be valid: fragments without cycles. */
export function checkQueryCost(operation: Operation): void {
  const cost = queryCost(operation)
  if (cost > MAX_COST) throw limitExceeded('cost', MAX_COST, cost)
}

function queryCost({ schema, document, operationName, variableValues }: Operation): number {
  const operation = getOperationAST(document, operationName)
  const root = operation && schema.getRootType(operation.operation)
  if (!operation || !root) return 0
  const variables = { ...defaultsOf(operation), ...variableValues }
  return new CostMeasure(schema, document, variables).of(operation.selectionSet, root)
}

function defaultsOf(operation: OperationDefinitionNode): Record<string, number> {
  const defaults: Record<string, number> = {}
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue?.kind === Kind.INT) defaults[variable.name.value] = Number(defaultValue.value)
  }
  return defaults
}

class CostMeasure {
  readonly #schema: GraphQLSchema
  readonly #variables: Readonly<Record<string, unknown>>
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #measured = new Map<string, number>()

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: Readonly<Record<string, unknown>>) {
    this.#schema = schema
    this.#variables = variables
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
    this.#fragments = new Map(fragments.map((node) => [node.name.value, node]))
  }

  of(selectionSet: SelectionSetNode, parent: GraphQLCompositeType): number {
    let cost = 0
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        cost += this.#ofField(selection, parent)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        cost += this.of(selection.selectionSet, this.#type(selection.typeCondition?.name.value) ?? parent)
      } else {
        cost += this.#ofFragment(selection.name.value)
      }
    }
    return cost
  }

  #ofField(node: FieldNode, parent: GraphQLCompositeType): number {
    if (node.name.value.startsWith('__')) return 1
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined
    const own = typeof field?.extensions.cost === 'number' ? field.extensions.cost : 1
    const type = field && getNamedType(field.type)
    if (field === undefined || node.selectionSet === undefined || !isCompositeType(type)) return own
    return own + this.#pageSize(node, field) * this.of(node.selectionSet, type)
  }

  /** What is no number is for execution to refuse. */
  #pageSize(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    const definition = field.args.find((argument) => argument.name === PAGE_ARGUMENT)
    if (definition === undefined) return 1
    const value = node.arguments?.find((argument) => argument.name.value === PAGE_ARGUMENT)?.value
    const fallback = definition.default?.value ?? definition.defaultValue
    const given =
      value?.kind === Kind.INT
        ? Number(value.value)
        : value?.kind === Kind.VARIABLE
          ? (this.#variables[value.name.value] ?? fallback)
          : fallback
    return typeof given === 'number' && given > 0 ? given : 1
  }

  #ofFragment(name: string): number {
    const known = this.#measured.get(name)
    if (known !== undefined) return known
    const fragment = this.#fragments.get(name)
    const type = this.#type(fragment?.typeCondition.name.value)
    const cost = fragment === undefined || type === undefined ? 0 : this.of(fragment.selectionSet, type)
    this.#measured.set(name, cost)
    return cost
  }

  #type(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.#schema.getType(name)
    return isCompositeType(type) ? type : undefined
  }
}
