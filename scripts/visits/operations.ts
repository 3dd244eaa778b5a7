/** GraphQL operations that visitors of the server send, good and bad: the sample of `npm start` and the journeys of `npm run traffic` are made of them. */

export interface Operation {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

const ERRORS = 'errors { __typename message }'

export function latestNodes(first: number): Operation {
  const query = `query LatestNodes($first: Int) {
    tenant { name }
    nodes(first: $first) { totalCount edges { node { id title status author { name } } } }
  }`
  return { query, variables: { first } }
}

export function dashboard(): Operation {
  return { query: 'query Dashboard { me { name role } contentStats { drafts published total asOf } }' }
}

export function readNode(id: string, locale = 'en'): Operation {
  const query = `query ReadNode($id: ID!, $locale: String!) {
    node(id: $id) { title tags text(locale: $locale) { locale title body } author { name } }
  }`
  return { query, variables: { id, locale } }
}

export function nodesByTag(tag: string): Operation {
  const query = `query NodesByTag($tag: String) {
    tags(first: 20) { edges { node { name nodeCount } } }
    nodes(first: 10, tag: $tag) { edges { node { id title slug } } }
  }`
  return { query, variables: { tag } }
}

export function search(query: string): Operation {
  const document = `query Search($query: String!) { search(query: $query, first: 10) {
    totalCount edges { node { rank title { text match } snippet { text match } node { id } } } } }`
  return { query: document, variables: { query } }
}

/** Of `createNode`; what is left out has a default. */
export interface NewNode {
  readonly title: string
  readonly body?: string
  readonly tags?: readonly string[]
}

export function createNode(node: string | NewNode): Operation {
  const query = `mutation CreateNode($input: CreateNodeInput!) {
    createNode(input: $input) { node { id version } ${ERRORS} }
  }`
  return { query, variables: { input: typeof node === 'string' ? { title: node } : node } }
}

export function updateNode(input: { id: string; version: number; body: string }): Operation {
  const query = `mutation UpdateNode($input: UpdateNodeInput!) {
    updateNode(input: $input) { node { id version } ${ERRORS} }
  }`
  return { query, variables: { input } }
}

export function translateNode(input: {
  id: string
  version: number
  locale: string
  title: string
}): Operation {
  const query = `mutation TranslateNode($input: TranslateNodeInput!) {
    translateNode(input: $input) { node { id version } ${ERRORS} }
  }`
  return { query, variables: { input } }
}

export function publishNode(id: string): Operation {
  const query = `mutation PublishNode($id: ID!) {
    publishNode(id: $id) { node { id status version } ${ERRORS} }
  }`
  return { query, variables: { id } }
}

export function archiveNode(id: string): Operation {
  return {
    query: `mutation ArchiveNode($id: ID!) { archiveNode(id: $id) { node { id status } ${ERRORS} } }`,
    variables: { id },
  }
}

export function products(first: number): Operation {
  const query = `query Products($first: Int) { products(first: $first) { edges { node { id title
    variants(first: 10) { edges { node { id sku available price { amountMinor currency } } } } } } } }`
  return { query, variables: { first } }
}

export function product(id: string): Operation {
  const query = `query Product($id: ID!) { product(id: $id) { title description version
    variants(first: 10) { edges { node { id title available price { decimal currency } } } } } }`
  return { query, variables: { id } }
}

export function addToCart(input: { cartId?: string; variantId: string; quantity: number }): Operation {
  const query = `mutation AddToCart($input: AddToCartInput!) {
    addToCart(input: $input) { cart { id itemCount total { amountMinor } } ${ERRORS} }
  }`
  return { query, variables: { input } }
}

export function placeOrder(input: {
  cartId: string
  idempotencyKey: string
  expectedTotalMinor?: number
}): Operation {
  const query = `mutation PlaceOrder($input: PlaceOrderInput!) { placeOrder(input: $input) {
    order { id status total { decimal currency } } errors { __typename message
      ... on OutOfStockError { variant { sku } requested available } ... on PriceChangedError { total { decimal } } } } }`
  return { query, variables: { input } }
}

export function cancelOrder(id: string): Operation {
  return {
    query: `mutation CancelOrder($id: ID!) { cancelOrder(id: $id) { order { id status } ${ERRORS} } }`,
    variables: { id },
  }
}

export function markOrderPaid(id: string): Operation {
  const query = `mutation MarkOrderPaid($id: ID!, $reference: String!) {
    markOrderPaid(id: $id, reference: $reference) { order { id status } ${ERRORS} }
  }`
  return { query, variables: { id, reference: 'bank transfer' } }
}

export function myOrders(): Operation {
  const query = `query MyOrders { orders(first: 10) { totalCount edges { node { id status placedAt total { decimal currency }
    items(first: 5) { edges { node { title quantity } } } } } } }`
  return { query }
}

export function adjustStock(input: { variantId: string; by: number; reason: string }): Operation {
  const query = `mutation AdjustStock($input: AdjustStockInput!) {
    adjustStock(input: $input) { variant { sku available } ${ERRORS} }
  }`
  return { query, variables: { input } }
}

/** All that a shop has in one page: right, and far slower than whatever its customers do. */
export function monthlyReport(): Operation {
  const query = `query MonthlyReport {
    orders(first: 40, ofEverybody: true) { totalCount edges { node { id status placedAt total { decimal } customer { name email }
      items(first: 3) { edges { node { title quantity variant { sku available product { title } } } } } } } }
    products(first: 20) { totalCount edges { node { title variants(first: 10) { edges { node { sku available } } } } } }
    nodes(first: 30) { totalCount edges { node { title slug tags author { name email } translations(first: 2) { edges { node { title } } } } } }
    search(query: "the or a or of or to or notes or safety", first: 30) { totalCount edges { node { rank snippet { text } } } }
  }`
  return { query }
}

/** Visitors' mistakes: each is refused at another stage. */
export const mistakes = {
  /** By the parser. */
  syntax: { query: 'query { nodes(first: 5 { edges }' },
  /** By validation. */
  unknownField: { query: 'query Typo { nodes(first: 5) { edges { node { titel } } } }' },
  /** By the limit on what an operation may cost. */
  tooMuch: {
    query: `query Everything { orders(first: 100) { edges { node { items(first: 100) { edges { node {
      variant { product { variants(first: 50) { edges { node { sku } } } } } } } } } } } }`,
  },
  /** By the resolver, as a GraphQL error. */
  badArgument: latestNodes(0),
  /** By the domain, in the mutation's payload. */
  emptyTitle: createNode('   '),
} as const satisfies Record<string, Operation>
